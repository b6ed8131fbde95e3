// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { appointmentsReply, whereToReply, whichToMoveReply } from "../domain/conversation/replies.ts";
import { wordsForStart } from "../domain/sentence/time-words.ts";
import { book } from "./book.ts";
import { upcoming } from "./cancel.ts";
import { type Answer, say, type Turn } from "./turn.ts";

/** Looks for times to which an appointment can be moved, or asks which one, or when to. What stands stays until a time is chosen. */
export async function move(turn: Turn): Promise<Answer> {
  const { conversation, reader, understood } = turn;
  const all = await upcoming(turn);
  const { serviceTypes, providerIds } = understood;
  const meant = all.filter(
    ({ serviceType, providerId }) =>
      (serviceTypes.length === 0 || serviceTypes.includes(serviceType)) &&
      (providerIds.length === 0 || providerIds.includes(providerId)),
  );
  const [only, ...more] = meant.length > 0 ? meant : all;
  if (only === undefined) return say(appointmentsReply(all, reader));
  const latest = all.find(({ appointmentId }) => appointmentId === conversation.appointment?.appointmentId);
  if (more.length > 0 && latest === undefined) return say(whichToMoveReply(meant, reader));
  const moving = latest ?? only;
  const { serviceType, providerId, start, end } = moving;
  const { when, shift } = understood;
  // "An hour later" than it is now.
  const from = shift === undefined ? undefined : wordsForStart(start, reader.timeZone);
  const request = { serviceType, providerIds: [providerId], durationMinutes: (end - start) / 60_000, when: from };
  const goingOn = { ...conversation, moving, request, offers: [], cancellable: [] };
  if (when !== undefined || shift !== undefined) return book({ ...turn, conversation: goingOn });
  return {
    reply: whereToReply(moving, reader),
    events: [
      { kind: "requested", request },
      { kind: "moving", appointment: moving },
    ],
  };
}
