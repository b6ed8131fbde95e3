// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { SlotOffer } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { ResourceService } from "@parley/contracts/parley/scheduling/v1/resource_pb.js";
import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import type { Host } from "@parley/mesh";
import type { DemoTerminal } from "../demo.ts";
import { hearWithinMs, needed, told } from "./told.ts";

const teachers = [
  { providerId: "prov_yoga_ada", name: "Ada Lind" },
  { providerId: "prov_yoga_ben", name: "Ben Ortiz" },
];
const [userId, participantIds, resourceIds] = ["ann", ["bob", "cleo"], ["mats"]] as const;

/**
 * Three people book yoga together, with a hall and mats: one commit takes the teacher's calendar, the hall and the mats. Another
 * group wants the only hall at that time with the other teacher, and is offered other times.
 */
export async function demo(mesh: Pick<Host, "client">, terminal: DemoTerminal) {
  await layOut(mesh);
  const scheduling = mesh.client(SchedulingAgentService, { source: "scheduling.user" });
  const party = { participantIds: [...participantIds], resourceIds: [...resourceIds] };
  terminal.says("user", `Wants yoga together with ${participantIds.join(" and ")}, with the mats`, userId);
  const found = await scheduling.requestAppointment({ userId, serviceType: "yoga", ...party });
  const offer = needed(found.offers[0], "an offer");
  terminal.says("agent", found.suggestionContext);

  terminal.says("user", `Takes ${offer.slotId}`, userId);
  const { result } = await scheduling.confirmSlot({ ...choice(userId, offer), ...party });
  const appointment = needed(result.case === "appointment" ? result.value : undefined, "an appointment");
  terminal.says(
    "agent",
    `Booked for ${[userId, ...appointment.participantIds].join(", ")} with ${appointment.resourceIds.join(" and ")}`,
  );

  const other = rivalOf(offer);
  terminal.says("user", `Wants the hall at the same time with the other teacher: ${other.slotId}`, "dora");
  const late = await scheduling.confirmSlot(choice("dora", other));
  const failure = needed(late.result.case === "failure" ? late.result.value : undefined, "a refusal");
  terminal.says("agent", `${failure.userMessage} (${failure.alternatives.length} alternatives)`);

  const signal = AbortSignal.timeout(hearWithinMs);
  const isIt = (news: { readonly appointment?: { readonly appointmentId: string } | undefined }) =>
    news.appointment?.appointmentId === appointment.appointmentId;
  for (const person of participantIds) {
    const users = mesh.client(UserAgentService, { source: `person_${person}` });
    const { text } = await told(users.watchNotifications({ userId: person }, { signal }), isIt);
    terminal.says("agent", `${person} is told: ${text}`, "scheduling.user");
  }
  const users = mesh.client(UserAgentService, { source: `person_${userId}` });
  const watchers = mesh.client(ProviderAgentService, { source: "scheduling.user" });
  const { providerId } = appointment;
  const [toldUser, toldProvider] = await Promise.all([
    told(users.watchNotifications({ userId }, { signal }), isIt),
    told(watchers.watchBookings({ providerId }, { signal }), isIt),
  ]);
  return { userId, offers: found.offers, toldUser, toldProvider };
}

/** Two teachers who share one hall, and mats. */
async function layOut(mesh: Pick<Host, "client">): Promise<void> {
  const providers = mesh.client(ProviderAgentService, { source: "scheduling.provider" });
  const services = [
    { serviceType: "yoga", names: [], durationMinutes: 60, maxParticipants: 6, resourceNeeds: [{ kind: "hall" }] },
  ];
  const workingHours = [1, 2, 3, 4, 5, 6, 7].map((day) => ({ day, hours: { from: "09:00", until: "17:00" } }));
  for (const teacher of teachers)
    await providers.upsertProvider({ provider: { ...teacher, timeZone: "UTC", services, workingHours } });
  const resources = mesh.client(ResourceService, { source: "scheduling.provider" });
  await resources.upsertResource({ resource: { resourceId: "hall", name: "Hall", kind: "hall", capacity: 10 } });
  await resources.upsertResource({ resource: { resourceId: "mats", name: "Mats", kind: "mats" } });
}

function choice(who: string, { slotId, providerId, startTime, endTime }: SlotOffer) {
  return { userId: who, slotId, providerId, ...(startTime && { startTime }), ...(endTime && { endTime }) };
}

/** The same time with the other teacher. */
function rivalOf(offer: SlotOffer): SlotOffer {
  const { providerId } = needed(
    teachers.find((teacher) => teacher.providerId !== offer.providerId),
    "another teacher",
  );
  return { ...offer, providerId, slotId: offer.slotId.replace(offer.providerId, providerId) };
}
