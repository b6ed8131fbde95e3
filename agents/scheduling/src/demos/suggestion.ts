// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { NotificationKind } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { ProviderDeskService } from "@parley/contracts/parley/scheduling/v1/provider_desk_pb.js";
import { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import type { Host } from "@parley/mesh";
import type { DemoTerminal } from "../demo.ts";
import { hearWithinMs, needed, told } from "./told.ts";

const userId = "user_x";
const providerId = "prov_neumann";
const dayMs = 86_400_000;

/** A user likes a provider, who gives up time off: the user is told of the new time, without having asked, and takes it. */
export async function demo(mesh: Pick<Host, "client">, terminal: DemoTerminal) {
  const users = mesh.client(UserAgentService, { source: `person_${userId}` });
  const desk = mesh.client(ProviderDeskService, { source: "scheduling.provider" });
  const watchers = mesh.client(ProviderAgentService, { source: "scheduling.user" });

  terminal.says("user", "Likes Clara Neumann (prov_neumann)");
  const { preferences } = await users.setPreferences({ preferences: { userId, preferredProviderIds: [providerId] } });
  terminal.says("agent", `Kept: likes ${preferences?.preferredProviderIds.join(", ")}`);

  const from = Math.floor(Date.now() / dayMs) * dayMs + dayMs;
  const time = { startTime: timestampFromMs(from), endTime: timestampFromMs(from + 14 * dayMs) };
  const timeOffId = "holiday";
  terminal.says("user", "Takes two weeks off from tomorrow", providerId);
  const { timeOff } = await desk.addTimeOff({ providerId, timeOffId, ...time });
  terminal.says("agent", `Kept as "${timeOff?.timeOffId}"`, `pa_${providerId}`);
  terminal.says("user", "Gives that time off up", providerId);
  await desk.removeTimeOff({ providerId, timeOffId });
  const hearing = AbortSignal.timeout(hearWithinMs);
  const toldUser = await told(
    users.watchNotifications({ userId }, { signal: hearing }),
    ({ kind }) => kind === NotificationKind.SUGGESTION,
  );
  terminal.says("agent", toldUser.text, "scheduling.user");

  terminal.says("user", "Yes, book it");
  const { suggestionId } = toldUser;
  const { reply, result } = await users.respondToSuggestion({ userId, suggestionId, accept: true });
  terminal.says("agent", reply);
  const booked = needed(result.case === "appointment" ? result.value : undefined, "an appointment");
  const signal = AbortSignal.timeout(hearWithinMs);
  const toldProvider = await told(
    watchers.watchBookings({ providerId }, { signal }),
    ({ appointment }) => appointment?.appointmentId === booked.appointmentId,
  );
  return { userId, conversationId: suggestionId, toldUser, toldProvider };
}
