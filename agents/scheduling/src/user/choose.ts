// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { Context } from "@parley/mesh";
import type { Appointment } from "../domain/booking/appointment.ts";
import { type Failure, failureSentences } from "../domain/booking/offer.ts";
import { endOf, slotOf } from "../domain/booking/slot.ts";
import {
  confirmedReply,
  failedReply,
  movedReply,
  noSuchOfferReply,
  whichOfferReply,
  whichToCancelReply,
} from "../domain/conversation/replies.ts";
import { appointmentOf, failureOf } from "../messages/appointment-message.ts";
import { cancel } from "./cancel.ts";
import { type Answer, say, type Turn } from "./turn.ts";

/** What came of confirming a slot. */
export type Outcome =
  | { readonly kind: "confirmed"; readonly appointment: Appointment }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Carries out a choice: of an offer, or of the appointment to cancel where that was asked. */
export async function choose(turn: Turn): Promise<Answer> {
  const { conversation, reader, understood } = turn;
  const { offers, cancellable } = conversation;
  const choice = understood.choice ?? { kind: "agreed" };
  if (cancellable.length > 0) {
    const chosen = choice.kind === "one" ? cancellable[choice.index] : undefined;
    return chosen === undefined ? say(whichToCancelReply(cancellable, reader)) : cancel(turn, chosen);
  }
  if (choice.kind === "several") {
    const fitting = choice.indexes.flatMap((index) => offers[index] ?? []);
    return { reply: whichOfferReply(fitting, reader), events: [{ kind: "offered", offers: fitting }] };
  }
  const offer = offers[choice.kind === "one" ? choice.index : 0];
  if (offer === undefined) return say(noSuchOfferReply(offers.length));
  const outcome = await confirm({ ...turn, moving: conversation.moving }, offer.slotId);
  const { reply, events } = answerTo(outcome, { reader, moving: conversation.moving });
  return {
    reply,
    events: [{ kind: "selected", slotId: offer.slotId }, ...events],
    appointment: outcome.kind === "confirmed" ? outcome.appointment : undefined,
  };
}

/** Has the scheduling agent book a slot, or move to it what is being moved. */
export async function confirm(
  turn: { ctx: Context; userId: string; conversationId: string; moving?: Appointment | undefined },
  slotId: string,
): Promise<Outcome> {
  const { ctx, userId, conversationId, moving } = turn;
  const slot = slotOf(slotId);
  if (slot === undefined) {
    return {
      kind: "failed",
      failure: { reason: "SLOT_UNKNOWN", userMessage: failureSentences.SLOT_UNKNOWN, alternatives: [] },
    };
  }
  const { providerId, start } = slot;
  const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(endOf(slot)) };
  const client = ctx.client(SchedulingAgentService);
  const { result } =
    moving === undefined
      ? await client.confirmSlot({ userId, slotId, providerId, ...times, conversationId }, { conversationId })
      : await client.rescheduleAppointment(
          { userId, slotId, appointmentId: moving.appointmentId, conversationId },
          { conversationId },
        );
  if (result.case === "appointment") return { kind: "confirmed", appointment: appointmentOf(result.value) };
  if (result.case === "failure") return { kind: "failed", failure: failureOf(result.value) };
  throw new Error("the scheduling agent gave neither an appointment nor a failure");
}

/** What the user is told of the outcome, and what it does to the conversation. */
export function answerTo(
  outcome: Outcome,
  { reader, moving }: Pick<Turn, "reader"> & { readonly moving?: Appointment | undefined },
): Pick<Answer, "reply" | "events"> {
  if (outcome.kind === "confirmed") {
    const said = moving === undefined ? confirmedReply : movedReply;
    return { reply: said(outcome.appointment, reader), events: [outcome] };
  }
  return { reply: failedReply(outcome.failure, reader), events: [outcome] };
}
