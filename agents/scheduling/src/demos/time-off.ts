// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampDate } from "@bufbuild/protobuf/wkt";
import { NotificationKind } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { ProviderDeskService } from "@parley/contracts/parley/scheduling/v1/provider_desk_pb.js";
import { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import type { Host } from "@parley/mesh";
import type { DemoTerminal } from "../demo.ts";
import { hearWithinMs, needed, told } from "./told.ts";

const userId = "user123";

/**
 * A provider takes time off in which somebody has an appointment: the user is told and offered other times, takes one, and the
 * provider is told what was found and done.
 */
export async function demo(mesh: Pick<Host, "client">, terminal: DemoTerminal) {
  const users = mesh.client(UserAgentService, { source: `person_${userId}` });
  const desk = mesh.client(ProviderDeskService, { source: "scheduling.provider" });
  const watchers = mesh.client(ProviderAgentService, { source: "scheduling.user" });
  const say = async (text: string, conversationId = "") => {
    terminal.says("user", text);
    const answer = await users.converse({ userId, text, conversationId }, conversationId ? { conversationId } : {});
    terminal.says("agent", answer.reply);
    return answer;
  };

  const { conversationId, offers } = await say("Book a doctor's appointment for tomorrow afternoon");
  const answer = await say("The first one, please", conversationId);
  const appointment = needed(answer.appointment, "an appointment");
  const { providerId, appointmentId } = appointment;
  const [startTime, endTime] = [needed(appointment.startTime, "a start"), needed(appointment.endTime, "an end")];

  const signal = AbortSignal.timeout(hearWithinMs);
  const day = timestampDate(startTime).toISOString();
  terminal.says(
    "user",
    `Takes time off: ${day.slice(0, 10)}, ${day.slice(11, 16)}–${timestampDate(endTime).toISOString().slice(11, 16)} UTC, "conference"`,
    providerId,
  );
  await desk.addTimeOff({ providerId, startTime, endTime, reason: "conference" });
  const toldProvider = await told(
    watchers.watchBookings({ providerId }, { signal }),
    ({ kind }) => kind === NotificationKind.UPDATE_ACKNOWLEDGED,
  );
  terminal.says("agent", toldProvider.text, `pa_${providerId}`);

  const toldUser = await told(
    users.watchNotifications({ userId }, { signal }),
    (news) => news.kind === NotificationKind.APPOINTMENT_CHANGED && news.appointment?.appointmentId === appointmentId,
  );
  terminal.says("agent", toldUser.text, "scheduling.user");
  const again = await say("The first one", conversationId);
  needed(again.appointment, "another appointment");
  return { userId, conversationId, offers, toldUser, toldProvider };
}
