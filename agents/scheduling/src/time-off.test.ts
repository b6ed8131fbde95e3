// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AppointmentStatus } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AppointmentChangedSchema,
  ProviderUnavailableSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ConflictAction } from "@parley/contracts/parley/scheduling/v1/time_off_pb.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { booked, choiceOf, first, outcomeOf, type TestWorld, testWorld } from "./test-world.ts";

const providerId = "prov_dr_smith";
const at = (time: string) => timestampFromMs(Date.parse(`2026-${time}:00Z`));
const day = (date: string) => ({ startTime: at(`${date}T00:00`), endTime: at(`${date}T23:59`) });

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

async function book(userId: string, time: string) {
  const { offers } = await world.scheduling.requestAppointment({
    ...{ userId, serviceType: "doctor", preferredProviderIds: [providerId] },
    timePreference: { kind: { case: "specific", value: { startTime: at(time) } } },
  });
  return booked(await world.scheduling.confirmSlot(choiceOf(userId, first(offers))));
}

test("every appointment in the way is cancelled with other times for its user, none outside; the acknowledgement says so", async () => {
  const [one, two, outside] = [
    await book("ann", "01-06T10:00"),
    await book("bob", "01-06T14:00"),
    await book("cleo", "01-07T10:00"),
  ];
  const added = await world.desk.addTimeOff({ providerId, ...day("01-06"), reason: "fair" });
  expect(added.conflicts.map(({ appointmentId }) => appointmentId)).toEqual([one.appointmentId, two.appointmentId]);
  await world.mesh.settled();
  const { timeOffId = "" } = added.timeOff ?? {};
  const { timeOff } = await world.desk.getTimeOff({ providerId, timeOffId });
  expect(timeOff?.acknowledgement).toMatchObject({
    summary: "Time off noted. 2 appointments were in its way: 2 cancelled, the user offered other times.",
    conflicts: [{ action: ConflictAction.OPTIONS_SENT }, { action: ConflictAction.OPTIONS_SENT }],
  });
  for (const { options } of timeOff?.acknowledgement?.conflicts ?? [])
    for (const { startTime, providerId: who } of options)
      expect(who === providerId && String(startTime?.seconds).startsWith("17676")).toBe(false);
  for (const [userId, { appointmentId }, status] of [
    ["ann", one, AppointmentStatus.CANCELLED_BY_PROVIDER],
    ["cleo", outside, AppointmentStatus.CONFIRMED],
  ] as const)
    expect((await world.scheduling.getAppointment({ userId, appointmentId })).appointment?.status).toBe(status);
  for await (const { notification } of world.providers.watchBookings({ providerId }))
    if (notification?.text.startsWith("Time off noted")) break;

  // The same again changes nothing; nothing is offered in it; booking in it is refused.
  await world.desk.addTimeOff({ providerId, ...day("01-06"), reason: "fair" });
  await world.mesh.settled();
  expect(world.mesh.events.of(ProviderUnavailableSchema)).toHaveLength(1);
  expect(world.mesh.events.of(AppointmentChangedSchema)).toHaveLength(2);
  const { slotId, startTime, endTime } = one;
  const refused = await world.scheduling.confirmSlot({
    ...{ userId: "dora", slotId, providerId },
    ...(startTime && { startTime }),
    ...(endTime && { endTime }),
  });
  expect(outcomeOf(refused)).toBe("PROVIDER_UNAVAILABLE");
});

test("time off that disturbs nobody is acknowledged too, is listed, and can be given up", async () => {
  const { timeOff, conflicts } = await world.desk.addTimeOff({ providerId, ...day("03-02"), timeOffId: "quiet" });
  expect(conflicts).toEqual([]);
  await world.mesh.settled();
  expect((await world.desk.getTimeOff({ providerId, timeOffId: "quiet" })).timeOff?.acknowledgement?.summary).toBe(
    "Time off noted. No appointment is in its way.",
  );
  expect((await world.desk.listTimeOff({ providerId })).timeOff.map((each) => each.timeOffId)).toContain("quiet");
  await world.desk.removeTimeOff({ providerId, timeOffId: "quiet" });
  await expect(world.desk.getTimeOff({ providerId, timeOffId: "quiet" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(timeOff?.timeOffId).toBe("quiet");
  expect(await book("emma", "03-02T10:00")).toMatchObject({ providerId });
});

test("what an appointment was moved or cancelled from in the meantime is not displaced, and said to be so", async () => {
  const { appointmentId } = await book("finn", "02-03T10:00");
  await world.mesh.settled();
  const adding = world.desk.addTimeOff({ providerId, ...day("02-03"), timeOffId: "race" });
  const cancelling = world.scheduling.cancelAppointment({ userId: "finn", appointmentId });
  await Promise.all([adding, cancelling]);
  await world.mesh.settled();
  const { timeOff } = await world.desk.getTimeOff({ providerId, timeOffId: "race" });
  const done = timeOff?.acknowledgement?.conflicts.map(({ action }) => action) ?? [];
  const { appointment } = await world.scheduling.getAppointment({ userId: "finn", appointmentId });
  const byUser = appointment?.status === AppointmentStatus.CANCELLED_BY_USER;
  expect(done.length === 0 || done[0] === (byUser ? ConflictAction.NONE : ConflictAction.OPTIONS_SENT)).toBe(true);
});

test.each([
  ["time that has passed", { startTime: at("01-01T10:00"), endTime: at("01-09T10:00") }, "start_time"],
  ["an end before the start", { startTime: at("04-02T10:00"), endTime: at("04-01T10:00") }, ""],
  ["no length at all", { startTime: at("04-02T10:00"), endTime: at("04-02T10:00") }, ""],
  [
    "more than a year",
    { startTime: at("04-02T10:00"), endTime: timestampFromMs(Date.parse("2027-06-01")) },
    "end_time",
  ],
  ["what overlaps other time off", { startTime: at("01-06T12:00"), endTime: at("01-08T00:00") }, "start_time"],
])("%s is refused, and the field is named", async (_, time, field) => {
  const adding = world.desk.addTimeOff({ providerId, ...time });
  await expect(adding).rejects.toMatchObject({ code: "INVALID_MESSAGE", violations: [{ field }] });
});

test("time off of nobody, and time off that nobody took, do not exist", async () => {
  const wrong = { providerId: "prov_nobody", timeOffId: "x" };
  await expect(world.desk.addTimeOff({ ...wrong, ...day("05-05") })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(world.desk.removeTimeOff({ providerId, timeOffId: "x" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(world.desk.listTimeOff({ providerId: "prov_nobody" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});
