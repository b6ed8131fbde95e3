// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  FailureReason,
  NotificationKind,
  type SlotOffer,
} from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { AppointmentConfirmedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestWorld, testWorld } from "./test-world.ts";

const sentence = "Book a doctor's appointment for tomorrow afternoon";

/** Outlives the hosts that are started and ended in it. */
let mesh: TestMesh;
beforeEach(async () => {
  mesh = await testMesh({ agents: [] });
});
afterEach(() => mesh.drain());

const start = () => testWorld(undefined, mesh);

function choice(userId: string, { slotId, providerId, startTime, endTime }: SlotOffer) {
  return { userId, slotId, providerId, ...(startTime && { startTime }), ...(endTime && { endTime }) };
}

async function offersFor({ users }: TestWorld): Promise<readonly SlotOffer[]> {
  return (await users.converse({ userId: "nobody", text: sentence })).offers;
}

test("a conversation that began at one instance goes on at another", async () => {
  await using one = await start();
  await using other = await start();
  const { conversationId, offers } = await one.users.converse({ userId: "ann", text: sentence });
  const { appointment } = await other.users.converse({ userId: "ann", text: "the third", conversationId });
  expect(appointment?.slotId).toBe(offers[2]?.slotId);
  const { reply } = await one.users.converse({ userId: "ann", text: "cancel it", conversationId });
  expect(reply).toMatch(/^Your appointment is cancelled/);
  await expect(other.users.converse({ userId: "eve", text: "yes", conversationId })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});

test("what is booked at one instance can be seen, watched and cancelled at another", async () => {
  await using one = await start();
  await using other = await start();
  const watch = other.users.watchNotifications({ userId: "ann" })[Symbol.asyncIterator]();
  const [offer] = await offersFor(one);
  if (offer === undefined) throw new Error("nothing was offered");
  const { result } = await one.scheduling.confirmSlot(choice("ann", offer));
  const appointmentId = result.case === "appointment" ? result.value.appointmentId : "";
  expect((await other.scheduling.getAppointment({ userId: "ann", appointmentId })).appointment).toEqual(result.value);
  const told = (await watch.next()).value?.notification;
  expect(told?.appointment?.appointmentId).toBe(appointmentId);
  await watch.return?.();
  await expect
    .poll(async () => (await other.scheduling.listAppointments({ userId: "ann" })).appointments)
    .toEqual([result.value]);

  await other.scheduling.cancelAppointment({ userId: "ann", appointmentId });
  const rest = one.users.watchNotifications({ userId: "ann", afterNotificationId: told?.notificationId ?? "" });
  for await (const { notification } of rest) {
    expect(notification?.text).toContain("Your appointment is cancelled");
    break;
  }
});

test("of fifty who want one slot at two instances one gets it, and everybody else is offered others [R34]", async () => {
  await using one = await start();
  await using other = await start();
  const [offer] = await offersFor(one);
  if (offer === undefined) throw new Error("nothing was offered");
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      (index % 2 === 0 ? one : other).scheduling.confirmSlot(choice(`user${index}`, offer)),
    ),
  );
  expect(answers.filter(({ result }) => result.case === "appointment")).toHaveLength(1);
  for (const { result } of answers) {
    if (result.case !== "failure") continue;
    expect(result.value.reason).toBe(FailureReason.SLOT_TAKEN);
    expect(result.value.alternatives.length).toBeGreaterThan(0);
  }
  await mesh.heard(AppointmentConfirmedSchema, { appointment: { slotId: offer.slotId } });
  const published = [one, other].flatMap(({ mesh: { observed } }) =>
    observed.filter(({ kind, header }) => kind === "published" && header.name === "APPOINTMENT_CONFIRMED"),
  );
  expect(published).toHaveLength(1);
});

test("when all instances end and new ones start, nothing is forgotten and nothing is told twice", async () => {
  const say = ({ users }: TestWorld, text: string, conversationId = "") =>
    users.converse({ userId: "ann", text, conversationId });
  let conversationId = "";
  let offers: readonly SlotOffer[] = [];
  {
    await using before = await start();
    const doctor = await say(before, sentence);
    await say(before, "the first", doctor.conversationId);
    ({ conversationId, offers } = await say(before, "a dentist tomorrow"));
    await mesh.settled();
  }
  await using after = await start();
  const { appointment } = await say(after, "the second", conversationId);
  expect(appointment?.slotId).toBe(offers[1]?.slotId);
  const { appointments } = await after.scheduling.listAppointments({ userId: "ann" });
  expect(appointments.map(({ serviceType }) => serviceType).sort()).toEqual(["dentist", "doctor"]);
  expect((await offersFor(after)).map(({ slotId }) => slotId)).not.toContain(appointments[0]?.slotId);
  await say(after, "cancel the dentist");
  await mesh.settled();
  const told: string[] = [];
  for await (const { notification } of after.users.watchNotifications({ userId: "ann" })) {
    told.push(`${notification?.appointment?.serviceType} ${NotificationKind[notification?.kind ?? 0]}`);
    if (told.length === 3) break;
  }
  expect(told).toEqual([
    "doctor APPOINTMENT_CONFIRMED",
    "dentist APPOINTMENT_CONFIRMED",
    "dentist APPOINTMENT_CANCELLED",
  ]);
});
