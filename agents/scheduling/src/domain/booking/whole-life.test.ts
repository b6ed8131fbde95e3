// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import { minuteMs, overlaps } from "../time/time-window.ts";
import { takesTime } from "./appointment.ts";
import { decideBooking } from "./booking.ts";
import { busyTimes, type Calendar, type CalendarEvent, emptyCalendar, evolve } from "./calendar.ts";
import { holdMs, isHeld } from "./hold.ts";
import { decideHold, lapsedHold } from "./holding.ts";
import { decideAnswer, decideCancellation, decideCompletion, decideDisplacement } from "./lifecycle.ts";
import { decideMove } from "./moving.ts";
import type { Provider } from "./provider.ts";
import { decideTimeOff } from "./taking-time-off.ts";

const begin = Date.parse("2026-01-05T09:00:00Z");
const day = Date.parse("2026-01-06T09:00:00Z");
const provider = (asksProvider: boolean): Provider => ({
  ...{ providerId: "p", name: "P", aliases: [], timeZone: "UTC" },
  services: [{ serviceType: "doctor", names: [], durationMinutes: 30 }],
  workingHours: [{ day: 2, hours: { from: "09:00", until: "12:00" } }],
  bookingPolicy: { asksProvider, answerWithinMinutes: 30, flexibleMinutes: 0, noticeMinutes: 0 },
});

const slot = (quarter: number) => ({
  ...{ providerId: "p", serviceType: "doctor", version: 1, durationMinutes: 30 },
  start: day + quarter * 15 * minuteMs,
});

const step = fc.record({
  what: fc.constantFrom(
    "book",
    "hold",
    "expire",
    "cancel",
    "accept",
    "reject",
    "silent",
    "move",
    "off",
    "complete",
    "wait",
  ),
  user: fc.constantFrom("ann", "bob", "eve"),
  quarter: fc.integer({ min: 0, max: 11 }),
});

/** What a calendar decides to a step. */
function decided(
  calendar: Calendar,
  { what, user, quarter }: { what: string; user: string; quarter: number },
  now: number,
): readonly CalendarEvent[] {
  const wanted = { userId: user, slot: slot(quarter) };
  const [latest] = [...calendar.appointments.values()].slice(-1);
  const id = latest?.appointmentId ?? "p.none";
  const happening = (decision: { readonly kind: string; readonly event?: CalendarEvent }) =>
    decision.event === undefined ? [] : [decision.event];
  switch (what) {
    case "book":
      return happening(
        decideBooking(calendar, { ...wanted, idempotencyKey: `${user}${quarter}${now}`, conversationId: "" }, now),
      );
    case "hold": {
      const decision = decideHold(calendar, wanted, now);
      return decision.kind === "held" && decision.isNew ? [{ kind: "held", hold: decision.hold }] : [];
    }
    case "expire": {
      const [holdId = ""] = calendar.holds.keys();
      return lapsedHold(calendar, holdId, now) === undefined ? [] : [{ kind: "released", holdId }];
    }
    case "cancel":
      return happening(decideCancellation(calendar, { userId: user, appointmentId: id }, now));
    case "accept":
    case "reject":
    case "silent": {
      const answer = what === "accept" ? "accepted" : what === "reject" ? "rejected" : "silent";
      return happening(decideAnswer(calendar, id, { answer, now }));
    }
    case "move": {
      const decision = decideMove(
        { from: calendar, to: calendar },
        { userId: user, appointmentId: id, slot: slot(quarter) },
        now,
      );
      return decision.kind === "moves" ? [{ kind: "changed", appointment: decision.appointment }] : [];
    }
    case "off": {
      const { start } = slot(quarter);
      const time = {
        timeOffId: `off${quarter}`,
        providerId: "p",
        reason: "",
        createdAt: now,
        start,
        end: start + 15 * minuteMs,
      };
      const decision = decideTimeOff(calendar, time, now);
      if (decision.kind !== "taken") return [];
      const after = evolve(calendar, { kind: "unavailable", timeOff: time });
      const displaced = decision.conflicts.flatMap(({ appointmentId }) =>
        happening(decideDisplacement(after, appointmentId, now)),
      );
      return [{ kind: "unavailable", timeOff: time }, ...displaced];
    }
    case "complete":
      return happening(decideCompletion(calendar, id, now));
    default:
      return [];
  }
}

test("whatever is asked in whatever order and however time goes by, nothing that takes time overlaps anything else", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, asks) => {
      let calendar = evolve(emptyCalendar, { kind: "provider-described", provider: provider(asks) });
      let now = begin;
      for (const each of steps) {
        if (each.what === "wait") now += each.quarter * 5 * minuteMs;
        for (const event of decided(calendar, each, now)) calendar = evolve(calendar, event);
        const booked = [...calendar.appointments.values()].filter((appointment) => takesTime(appointment, now));
        const held = [...calendar.holds.values()].filter((hold) => isHeld(hold, now));
        const taken = [...booked, ...held, ...calendar.timeOff.values()];
        for (const [index, one] of taken.entries())
          for (const other of taken.slice(index + 1)) {
            expect(overlaps(one, other), `${JSON.stringify(one)} and ${JSON.stringify(other)}`).toBe(false);
          }
      }
    }),
    { numRuns: 200 },
  );
});

test("a hold that is over in time is over for everybody, whether its end is written down before or after somebody else books", () => {
  const calendar = evolve(emptyCalendar, { kind: "provider-described", provider: provider(false) });
  const hold = decideHold(calendar, { userId: "ann", slot: slot(0) }, begin);
  if (hold.kind !== "held") throw new Error("not held");
  const held = evolve(calendar, { kind: "held", hold: hold.hold });
  const book = (at: Calendar, now: number) =>
    decideBooking(at, { userId: "bob", slot: slot(0), idempotencyKey: "b", conversationId: "" }, now);
  expect(book(held, begin + holdMs - 1)).toEqual({ kind: "refused", reason: "SLOT_HELD" });
  const early = book(held, begin + holdMs);
  expect(early.kind).toBe("happens");
  if (early.kind !== "happens") return;
  const after = evolve(held, early.event);
  expect(lapsedHold(after, hold.hold.holdId, begin + holdMs)).toBeUndefined();
  const late = book(evolve(held, { kind: "released", holdId: hold.hold.holdId }), begin + holdMs);
  expect(late).toEqual(early);
  expect(busyTimes(after, { now: begin + holdMs })).toHaveLength(1);
});

test("a provider's yes counts up to the end of the time for it, and not after, whether that end is written down or not", () => {
  const calendar = evolve(emptyCalendar, { kind: "provider-described", provider: provider(true) });
  const wanted = { userId: "ann", slot: slot(0), idempotencyKey: "a", conversationId: "" };
  const asked = decideBooking(calendar, wanted, begin);
  if (asked.kind !== "happens") throw new Error("not asked");
  const { appointment } = asked.event;
  const waiting = evolve(calendar, asked.event);
  const accept = (now: number) => decideAnswer(waiting, appointment.appointmentId, { answer: "accepted", now });
  const { answerBy = 0 } = appointment;
  expect(accept(answerBy - 1).kind).toBe("happens");
  expect(accept(answerBy)).toEqual({ kind: "refused", reason: "PROVIDER_SILENT" });
});
