// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import { overlaps } from "../time/time-window.ts";
import { takesTime } from "./appointment.ts";
import { type BookingRequest, type Decision, decideBooking, providerOf } from "./booking.ts";
import { busyTimes, type Calendar, emptyCalendar, evolve, keptAfterEndMs } from "./calendar.ts";
import { decideCancellation } from "./lifecycle.ts";
import type { Provider } from "./provider.ts";

const now = Date.parse("2026-11-21T12:30:00Z");
const smith: Provider = {
  providerId: "smith",
  name: "Dr. Anna Smith",
  aliases: [],
  timeZone: "UTC",
  services: [{ serviceType: "doctor", names: [], durationMinutes: 30 }],
  workingHours: [1, 2, 3, 4, 5, 6, 7].map((day) => ({ day, hours: { from: "09:00", until: "17:00" } })),
};
const calendar = evolve(emptyCalendar, { kind: "provider-described", provider: smith });

const wish = (userId: string, time: string, more: Partial<BookingRequest> = {}): BookingRequest => ({
  userId,
  slot: {
    providerId: "smith",
    serviceType: "doctor",
    start: Date.parse(`2026-11-22T${time}:00Z`),
    durationMinutes: 30,
    version: 1,
  },
  idempotencyKey: `${userId} ${time}`,
  conversationId: "",
  ...more,
});
const after = (calendar: Calendar, decision: Decision) =>
  decision.kind === "happens" ? evolve(calendar, decision.event) : calendar;
const booked = (decision: Decision) =>
  decision.kind === "refused"
    ? decision.reason
    : decision.kind === "happens"
      ? decision.event.appointment
      : decision.appointment;
const book = (calendar: Calendar, request: BookingRequest) => decideBooking(calendar, request, now);

test("a free slot is booked under an id that says whose calendar it is in", () => {
  const decision = book(calendar, wish("ann", "14:00"));
  expect(booked(decision)).toMatchObject({
    status: "CONFIRMED",
    userId: "ann",
    providerName: "Dr. Anna Smith",
    createdAt: now,
  });
  expect(after(calendar, decision).version).toBe(2);
  const appointment = booked(decision);
  expect(typeof appointment === "string" ? "" : providerOf(appointment.appointmentId)).toBe("smith");
});

test("the second to want a slot is told that it is taken, whatever version they saw", () => {
  const taken = after(calendar, book(calendar, wish("ann", "14:00")));
  for (const time of ["14:00", "13:45", "14:15"]) expect(booked(book(taken, wish("bob", time)))).toBe("SLOT_TAKEN");
  expect(book(taken, wish("bob", "14:30")).kind).toBe("happens");
});

test("the same key again is the same appointment, also after it was cancelled", () => {
  const first = book(calendar, wish("ann", "14:00", { idempotencyKey: "k" }));
  const one = after(calendar, first);
  const again = book(one, wish("ann", "15:00", { idempotencyKey: "k" }));
  expect(again).toEqual({ kind: "repeat", appointment: booked(first) });
  const appointment = booked(first);
  const appointmentId = typeof appointment === "string" ? "" : appointment.appointmentId;
  const cancelled = after(one, decideCancellation(one, { userId: "ann", appointmentId }, now));
  expect(book(cancelled, wish("ann", "14:00", { idempotencyKey: "k" }))).toMatchObject({
    kind: "repeat",
    appointment: { appointmentId, status: "CANCELLED_BY_USER" },
  });
});

test("the same user and time under another key is the same appointment, but another user's same key is not", () => {
  const first = book(calendar, wish("ann", "14:00", { idempotencyKey: "k" }));
  const one = after(calendar, first);
  expect(book(one, wish("ann", "14:00", { idempotencyKey: "other" }))).toEqual({
    kind: "repeat",
    appointment: booked(first),
  });
  expect(book(one, wish("bob", "15:00", { idempotencyKey: "k" })).kind).toBe("happens");
});

test.each([
  ["the past", { slot: { ...wish("ann", "09:00").slot, start: Date.parse("2026-11-21T12:15:00Z") } }, "SLOT_IN_PAST"],
  ["outside working hours", { slot: { ...wish("ann", "16:45").slot } }, "SLOT_NOT_OFFERED"],
  ["off the grid of quarters", { slot: { ...wish("ann", "14:07").slot } }, "SLOT_NOT_OFFERED"],
  [
    "a service that is not offered",
    { slot: { ...wish("ann", "14:00").slot, serviceType: "dentist" } },
    "SLOT_NOT_OFFERED",
  ],
] as const)("%s cannot be booked", (_, more, reason) => {
  expect(booked(book(calendar, wish("ann", "14:00", more)))).toBe(reason);
});

test("nobody can be booked with somebody unknown", () => {
  expect(booked(book(emptyCalendar, wish("ann", "14:00")))).toBe("PROVIDER_UNKNOWN");
});

test("only its user can cancel an appointment, only before it begins, and again changes nothing", () => {
  const decision = book(calendar, wish("ann", "14:00"));
  const one = after(calendar, decision);
  const appointment = booked(decision);
  const appointmentId = typeof appointment === "string" ? "" : appointment.appointmentId;
  expect(booked(decideCancellation(one, { userId: "bob", appointmentId }, now))).toBe("APPOINTMENT_UNKNOWN");
  expect(booked(decideCancellation(one, { userId: "ann", appointmentId }, Date.parse("2026-11-22T14:00:00Z")))).toBe(
    "APPOINTMENT_IN_PAST",
  );
  const cancelled = after(one, decideCancellation(one, { userId: "ann", appointmentId }, now));
  expect(busyTimes(cancelled, { now })).toEqual([]);
  expect(decideCancellation(cancelled, { userId: "ann", appointmentId }, now).kind).toBe("repeat");
  const rebooked = book(cancelled, wish("ann", "14:00", { idempotencyKey: "new" }));
  expect(booked(rebooked)).not.toMatchObject({ appointmentId });
});

test("a calendar forgets appointments that have long been over, and nothing else", () => {
  const first = after(calendar, book(calendar, wish("ann", "14:00")));
  const later = now + keptAfterEndMs + 2 * 86_400_000;
  const slot = { ...wish("bob", "10:00").slot, start: Date.parse("2026-12-28T10:00:00Z") };
  const second = after(first, decideBooking(first, wish("bob", "10:00", { slot }), later));
  expect([...second.appointments.values()].map(({ userId }) => userId)).toEqual(["bob"]);
  expect(second).toMatchObject({ version: 3, provider: smith });
  const sooner = after(first, decideBooking(first, wish("bob", "10:00", { slot }), later - 86_400_000));
  expect([...sooner.appointments.values()].map(({ userId }) => userId)).toEqual(["ann", "bob"]);
});

test("whatever is asked in whatever order, confirmed appointments never overlap, and each user asking gets a definite answer", () => {
  const quarter = fc.integer({ min: 0, max: 95 });
  const step = fc.record({
    user: fc.constantFrom("ann", "bob", "eve"),
    quarter,
    length: fc.constantFrom(15, 30, 60),
    cancel: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let state = calendar;
      for (const { user, quarter, length, cancel } of steps) {
        const start = Date.parse("2026-11-22T00:00:00Z") + quarter * 15 * 60_000;
        const request = wish(user, "14:00", {
          idempotencyKey: `${user}${quarter}${length}`,
          slot: { ...wish(user, "14:00").slot, start, durationMinutes: length },
        });
        const [latest] = [...state.appointments.values()].slice(-1);
        const decision =
          cancel && latest !== undefined
            ? decideCancellation(state, { userId: user, appointmentId: latest.appointmentId }, now)
            : book(state, request);
        state = after(state, decision);
        const taken = [...state.appointments.values()].filter((appointment) => takesTime(appointment, now));
        for (const one of taken) for (const other of taken) if (one !== other) expect(overlaps(one, other)).toBe(false);
      }
    }),
  );
});
