// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { collides, freeTimes, openTimes, slotStepMs, withBuffers } from "./availability.ts";
import type { Provider, RecurringHours } from "./provider.ts";
import { recurringDays, ruleProblem } from "./recurring-days.ts";

const day = (date: string) => Temporal.PlainDate.from(date);
const hours = { from: "01:00", until: "03:30" };
const ruled = (rule: string, firstDate = "2026-01-01"): RecurringHours => ({ rule, firstDate, hours });
const days = (rule: string, from: string, to: string, firstDate?: string) =>
  recurringDays(ruled(rule, firstDate), day(from), day(to)).map(String);
const provider = (timeZone: string, ...recurringHours: readonly RecurringHours[]): Provider => ({
  ...{ providerId: "p", name: "P", aliases: [], timeZone, workingHours: [], recurringHours },
  services: [{ serviceType: "doctor", names: [], durationMinutes: 30 }],
});

test.each([
  ["FREQ=MONTHLY;BYDAY=1SA", ["2026-11-07", "2026-12-05"]],
  ["FREQ=MONTHLY;BYDAY=-1FR", ["2026-11-27", "2026-12-25"]],
  ["FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;COUNT=24", ["2026-11-05", "2026-11-19"]],
  ["FREQ=WEEKLY;BYDAY=TU;UNTIL=20261110", ["2026-11-03", "2026-11-10"]],
  ["FREQ=MONTHLY;BYMONTHDAY=31", ["2026-12-31"]],
  ["FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["2026-11-26"]],
  ["FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-11-30", "2026-12-31"]],
])("the days of %s", (rule, expected) => {
  expect(ruleProblem(ruled(rule))).toBeUndefined();
  expect(days(rule, "2026-11-01", "2026-12-31")).toEqual(expected);
});

test("a rule counts from its first day, and no day before it is one", () => {
  expect(days("FREQ=DAILY;INTERVAL=10", "2026-01-01", "2026-02-01", "2026-01-15")).toEqual([
    "2026-01-15",
    "2026-01-25",
  ]);
});

test.each([
  "FREQ=SECONDLY",
  "FREQ=HOURLY;INTERVAL=1",
  "FREQ=DAILY;BYHOUR=1,2",
  "FREQ=DAILY;COUNT=99999",
  "FREQ=DAILY;INTERVAL=0",
  "FREQ=MONTHLY;BYDAY=XX",
  "FREQ=MONTHLY;BYMONTHDAY=99",
  "FREQ=MONTHLY;BYMONTHDAY=1;BYMONTHDAY=2",
  "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
  "FREQ=WEEKLY;UNTIL=20261301",
  "FREQ=WEEKLY;UNTIL=20251231",
  "BYDAY=MO",
  "FREQ=DAILY\nDTSTART:19000101T000000Z",
  "__proto__=1;FREQ=DAILY",
  "nonsense",
])("%j is refused with the reason", (rule) => {
  expect(ruleProblem(ruled(rule))).toMatch(/\S/);
});

test("a first day that no calendar has is refused", () => {
  expect(ruleProblem(ruled("FREQ=DAILY", "2026-02-30"))).toMatch('no day "2026-02-30"');
});

test("whatever rule somebody writes, looking at it is quick and fails nothing", () => {
  const part = fc.constantFrom(
    ...[
      "FREQ=DAILY",
      "FREQ=YEARLY",
      "FREQ=SECONDLY",
      "BYYEARDAY=366",
      "BYWEEKNO=53",
      "BYDAY=53MO",
      "BYDAY=-1SU",
      "INTERVAL=400",
    ],
    ...[
      "BYMONTHDAY=-31",
      "BYMONTH=2",
      "BYSETPOS=366",
      "COUNT=1000",
      "UNTIL=99991231",
      "WKST=SU",
      "=",
      "FREQ",
      "BYHOUR=24",
    ],
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 5 }),
      fc.constantFrom("0001-01-01", "1970-01-01", "9990-01-01"),
      (rule, first) => {
        const text = rule.join(";");
        expect(typeof (ruleProblem(ruled(text, first)) ?? "")).toBe("string");
        expect(recurringDays(ruled(text, first), day("2026-11-01"), day("2026-11-30")).length).toBeLessThanOrEqual(30);
      },
    ),
    { numRuns: 150 },
  );
});

// The clock changes of both hemispheres lie within these weeks.
const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "America/Santiago",
  "Africa/Cairo",
  "Pacific/Apia",
];
const weeks = fc.constantFrom("2026-03-20", "2026-03-28", "2026-04-02", "2026-09-03", "2026-10-22", "2026-10-30");

test("hours by rules are those of the provider's wall clock, in every zone and across clock changes, with their buffers", () => {
  const nth = fc.constantFrom("SA", "SU", "FR");
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      weeks,
      nth,
      fc.integer({ min: 0, max: 30 }),
      (timeZone, from, weekday, buffer) => {
        const who = provider(timeZone, ruled(`FREQ=WEEKLY;BYDAY=${weekday}`));
        const start = day(from).toZonedDateTime("UTC").epochMilliseconds;
        const window = { start, end: start + 14 * 86_400_000 };
        const busy = openTimes(who, window)
          .slice(0, 1)
          .map((open) => {
            const taken = { start: open.start + 2 * slotStepMs, end: open.start + 3 * slotStepMs };
            return { ...taken, around: withBuffers(taken, { beforeMinutes: buffer, afterMinutes: 0 }) };
          });
        const buffers = { beforeMinutes: 0, afterMinutes: buffer };
        const times = freeTimes(who, busy, { windows: [window], durationMinutes: 30, now: 0, most: 1_000, buffers });
        expect(times.length).toBeGreaterThan(4);
        for (const time of times) {
          const begins = Temporal.Instant.fromEpochMilliseconds(time.start).toZonedDateTimeISO(timeZone);
          expect(["SA", "SU", "FR"].indexOf(weekday)).toBe([6, 7, 5].indexOf(begins.dayOfWeek));
          const shown = begins.toPlainTime().toString({ smallestUnit: "minute" });
          expect(shown >= hours.from && shown < hours.until, shown).toBe(true);
          for (const taken of busy) expect(collides(time, buffers, taken)).toBe(false);
        }
      },
    ),
    { numRuns: 80 },
  );
});
