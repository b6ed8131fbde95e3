// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  AppointmentStatus,
  FailureReason,
  NotificationKind,
} from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { AppointmentCompletedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { booked, choiceOf, first, outcomeOf, type TestWorld, testWorld } from "./test-world.ts";

const { SELECTED, CONFIRMED, COMPLETED, FAILED, CANCELLED_BY_PROVIDER } = AppointmentStatus;
const providerId = "prov_asks";
const hourMs = 3_600_000;
const at = (time: string) => timestampFromMs(Date.parse(`2026-01-${time}:00Z`));

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
  const days = [1, 2, 3, 4, 5, 6, 7];
  await world.mesh.client(ProviderAgentService, { source: "scheduling.provider" }).upsertProvider({
    provider: {
      ...{ providerId, name: "Ina Asks", timeZone: "UTC" },
      services: [{ serviceType: "massage", names: [], durationMinutes: 60, bufferAfterMinutes: 15 }],
      workingHours: days.map((day) => ({ day, hours: { from: "09:00", until: "17:00" } })),
      bookingPolicy: { asksProvider: true, answerWithinMinutes: 30, flexibleMinutes: 60 },
    },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

/** A booking that waits for the provider's word. */
async function request(userId: string, time: string) {
  const { offers } = await world.scheduling.requestAppointment({
    ...{ userId, serviceType: "massage" },
    timePreference: { kind: { case: "specific", value: { startTime: at(time) } } },
  });
  return booked(await world.scheduling.confirmSlot(choiceOf(userId, first(offers))));
}

/** What a user was told last, once they were told so much. */
async function toldLast(userId: string, count: number) {
  let seen = 0;
  for await (const { notification } of world.users.watchNotifications({ userId }))
    if (++seen === count) return notification;
  return undefined;
}

test("a provider who wants to be asked is told, the time is taken meanwhile, and their yes makes it an appointment", async () => {
  const waiting = await request("ann", "06T10:00");
  expect(waiting).toMatchObject({
    status: SELECTED,
    answerByTime: timestampFromMs(world.mesh.clock.now() + hourMs / 2),
  });
  for await (const { notification } of world.providers.watchBookings({ providerId })) {
    expect(notification?.text).toMatch(
      /^A booking waits for your word: massage, tomorrow, Tuesday 6 January, 10:00–11:00/,
    );
    break;
  }
  const { appointmentId, slotId } = waiting;
  const [startTime, endTime] = [at("06T10:00"), at("06T11:00")];
  const rival = await world.scheduling.confirmSlot({ userId: "bob", slotId, providerId, startTime, endTime });
  expect(outcomeOf(rival)).toBe("SLOT_TAKEN");
  // A quarter of an hour is kept free after each.
  const near = { kind: { case: "specific", value: { startTime: at("06T11:00") } } } as const;
  const { offers } = await world.scheduling.requestAppointment({
    userId: "bob",
    serviceType: "massage",
    timePreference: near,
  });
  expect(offers.map((offer) => offer.startTime)).not.toContainEqual(at("06T11:00"));

  expect(booked(await world.desk.acceptBooking({ providerId, appointmentId }))).toMatchObject({ status: CONFIRMED });
  expect(booked(await world.desk.acceptBooking({ providerId, appointmentId }))).toMatchObject({ status: CONFIRMED });
  expect((await toldLast("ann", 1))?.text).toMatch(/^Your appointment is confirmed: Ina Asks/);
  expect(outcomeOf(await world.desk.acceptBooking({ providerId: "prov_neumann", appointmentId }))).toBe(
    "APPOINTMENT_UNKNOWN",
  );
});

test("their no comes with other times, those that they propose first; the user chooses one", async () => {
  const waiting = await request("cleo", "07T10:00");
  const alternatives = [at("07T14:00"), at("07T03:00")];
  const { appointmentId } = waiting;
  await world.desk.rejectBooking({ providerId, appointmentId, note: "mornings are full", alternatives });
  await world.mesh.settled();
  const told = await toldLast("cleo", 2);
  expect(told).toMatchObject({ kind: NotificationKind.ALTERNATIVES_PROPOSED, note: "mornings are full" });
  expect(told?.offers[0]).toMatchObject({ startTime: at("07T14:00"), reasoning: ["Proposed by the provider"] });
  // One of the proposed times is at night, so it is not offered.
  expect(told?.offers.map(({ startTime }) => startTime)).not.toContainEqual(at("07T03:00"));
  const { appointment } = await world.scheduling.getAppointment({ userId: "cleo", appointmentId });
  expect(appointment?.status).toBe(FAILED);
  expect(outcomeOf(await world.desk.acceptBooking({ providerId, appointmentId }))).toBe("APPOINTMENT_NOT_BOOKED");
});

test("when they say nothing in time the booking fails, the user is told and offered other times, and the time is free", async () => {
  const { appointmentId, slotId } = await request("dora", "08T10:00");
  await world.mesh.advance(hourMs / 2);
  expect((await world.scheduling.getAppointment({ userId: "dora", appointmentId })).appointment?.status).toBe(FAILED);
  expect((await toldLast("dora", 1))?.text).toMatch(/^Sorry, the provider could not take your appointment/);
  expect((await toldLast("dora", 2))?.offers.length).toBeGreaterThan(0);
  const times = { startTime: at("08T10:00"), endTime: at("08T11:00") };
  const again = await world.scheduling.confirmSlot({ userId: "eve", slotId, providerId, ...times });
  expect(outcomeOf(again)).toMatchObject({ status: SELECTED });
});

test("a provider proposes other times for an appointment, which stands until the user moves it to one of them", async () => {
  const { conversationId } = await world.users.converse({ userId: "finn", text: "a doctor tomorrow at 15:00" });
  const { appointment } = await world.users.converse({ userId: "finn", text: "yes", conversationId });
  if (appointment === undefined) throw new Error("not booked");
  const { appointmentId, providerId: who } = appointment;
  const { offers } = await world.desk.proposeAlternatives({
    providerId: who,
    appointmentId,
    note: "I am late that day",
  });
  expect(offers.length).toBeGreaterThan(0);
  await world.mesh.settled();
  expect((await toldLast("finn", 2))?.text).toMatch(
    /^The provider would like another time .* It stands until you choose one:/,
  );
  const { reply, appointment: moved } = await world.users.converse({
    userId: "finn",
    text: "the second",
    conversationId,
  });
  expect(reply).toMatch(/^Your appointment has moved/);
  expect(moved).toMatchObject({ appointmentId, slotId: offers[1]?.slotId, status: CONFIRMED });
});

test("a provider who cancels makes the user be offered other times in the same conversation", async () => {
  const { conversationId } = await world.users.converse({ userId: "gina", text: "a dentist tomorrow" });
  const { appointment } = await world.users.converse({ userId: "gina", text: "yes", conversationId });
  const { appointmentId = "", providerId: who = "" } = appointment ?? {};
  const cancelled = booked(await world.desk.cancelBooking({ providerId: who, appointmentId, note: "I am ill" }));
  expect(cancelled.status).toBe(CANCELLED_BY_PROVIDER);
  await world.mesh.settled();
  const told = await toldLast("gina", 2);
  expect(told?.text).toMatch(/^Sorry, your appointment was cancelled by the provider: .*\nThey say: "I am ill"$/s);
  expect((await toldLast("gina", 3))?.kind).toBe(NotificationKind.ALTERNATIVES_PROPOSED);
  const again = await world.users.converse({ userId: "gina", text: "the first one", conversationId });
  expect(again.appointment).toMatchObject({ serviceType: "dentist", status: CONFIRMED });
});

test("a time that a user proposes is agreed to as far as the provider's policy reaches, and kept for the user", async () => {
  const propose = (time: string, ids: readonly string[] = [providerId]) =>
    world.scheduling.counterOffer({
      userId: "hugo",
      serviceType: "massage",
      startTime: at(time),
      providerIds: [...ids],
    });
  const evening = await propose("09T16:30");
  expect(evening).toMatchObject({ agreed: true, reply: "That time can be had. Shall I book it?" });
  const offer = first(evening.offers);
  expect(offer.reasoning).toEqual(["Agreed to the time you propose"]);
  // Nobody else may have it: neither held nor in the hours.
  expect(outcomeOf(await world.scheduling.confirmSlot(choiceOf("ida", offer)))).toBe("SLOT_NOT_OFFERED");
  expect(outcomeOf(await world.scheduling.confirmSlot(choiceOf("hugo", offer)))).toMatchObject({ status: SELECTED });

  const night = await propose("09T20:00");
  expect(night).toMatchObject({ agreed: false, reply: "Nobody can take that time, but these times are near." });
  expect(night.offers.length).toBeGreaterThan(0);
  await expect(propose("01T10:00")).rejects.toMatchObject({
    code: "INVALID_MESSAGE",
    violations: [{ field: "start_time" }],
  });
  await expect(propose("09T10:00", ["nobody"])).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("an appointment is completed when it is over, by itself; it stays in the user's history", async () => {
  const { conversationId } = await world.users.converse({ userId: "jane", text: "a doctor today at 16:00" });
  const { appointment } = await world.users.converse({ userId: "jane", text: "yes", conversationId });
  const { appointmentId = "" } = appointment ?? {};
  await world.mesh.advance(8 * hourMs);
  expect(await world.mesh.heard(AppointmentCompletedSchema, { appointment: { appointmentId } })).toBeDefined();
  expect((await world.scheduling.listAppointments({ userId: "jane" })).appointments).toEqual([]);
  const { appointments } = await world.scheduling.listAppointments({ userId: "jane", includePast: true });
  expect(appointments).toMatchObject([{ appointmentId, status: COMPLETED }]);
  const late = await world.scheduling.cancelAppointment({ userId: "jane", appointmentId });
  expect(late.result).toMatchObject({ case: "appointment", value: { status: COMPLETED } });
  expect(FailureReason.APPOINTMENT_IN_PAST).toBeDefined();
});
