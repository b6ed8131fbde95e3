// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import { contains, dayMs, hourMs, minuteMs, overlaps } from "../time/time-window.ts";
import { localTime } from "../time/time-zone.ts";
import { freeTimes, openTimes, slotStepMs } from "./availability.ts";
import type { Provider } from "./provider.ts";

const at = (text: string) => Date.parse(text);
const provider = (timeZone: string, ...hours: readonly string[]): Provider => ({
  providerId: "p",
  name: "P",
  aliases: [],
  timeZone,
  services: [{ serviceType: "doctor", names: [], durationMinutes: 30 }],
  workingHours: [1, 2, 3, 4, 5, 6, 7].flatMap((day) =>
    hours.map((stretch) => ({ day, hours: { from: stretch.slice(0, 5), until: stretch.slice(6) } })),
  ),
});
const day = (date: string) => ({ start: at(`${date}T00:00:00Z`), end: at(`${date}T00:00:00Z`) + dayMs });
const starts = (times: readonly { start: number }[]) =>
  times.map(({ start }) => new Date(start).toISOString().slice(11, 16));
const search = (date: string, durationMinutes = 30) => ({ windows: [day(date)], durationMinutes, now: 0, most: 500 });

test("free times lie on quarters of an hour within the working hours of the provider's zone", () => {
  expect(starts(freeTimes(provider("Europe/Berlin", "09:10-10:30"), [], search("2026-01-15")))).toEqual([
    "08:15",
    "08:30",
    "08:45",
    "09:00",
  ]);
});

test("existing appointments and the past are left out", () => {
  const busy = [{ start: at("2026-01-15T09:00:00Z"), end: at("2026-01-15T09:30:00Z") }];
  const wanted = { ...search("2026-01-15"), now: at("2026-01-15T08:20:00Z") };
  expect(starts(freeTimes(provider("UTC", "08:00-10:15"), busy, wanted))).toEqual(["08:30", "09:30", "09:45"]);
});

test("an appointment must fit as a whole into hours and window", () => {
  expect(starts(freeTimes(provider("UTC", "08:00-10:00"), [], search("2026-01-15", 120)))).toEqual(["08:00"]);
  expect(freeTimes(provider("UTC", "08:00-10:00"), [], search("2026-01-15", 121))).toEqual([]);
});

test("overlapping and adjoining stretches are one", () => {
  const [open, ...more] = openTimes(provider("UTC", "08:00-10:00", "09:00-11:00", "11:00-12:00"), day("2026-01-15"));
  expect(more).toEqual([]);
  expect(((open?.end ?? 0) - (open?.start ?? 0)) / hourMs).toBe(4);
});

test("on the days of a clock change the hour that is missing is missing, and the one that is there twice counts twice", () => {
  const night = provider("Europe/Berlin", "01:00-04:00");
  const hours = (date: string) =>
    openTimes(night, { start: at(`${date}T22:00:00Z`) - dayMs, end: at(`${date}T22:00:00Z`) }).reduce(
      (sum, { start, end }) => sum + end - start,
      0,
    ) / hourMs;
  expect([hours("2026-03-28"), hours("2026-03-29"), hours("2026-10-24"), hours("2026-10-25")]).toEqual([3, 2, 3, 4]);
});

test("many windows share the limit evenly, so that later days are not starved", () => {
  const windows = [day("2026-01-15"), day("2026-01-17"), day("2026-01-19")];
  const times = freeTimes(provider("UTC", "08:00-18:00"), [], { windows, durationMinutes: 30, now: 0, most: 6 });
  expect(times.map(({ start }) => new Date(start).toISOString().slice(8, 16))).toEqual([
    "15T08:00",
    "15T08:15",
    "17T08:00",
    "17T08:15",
    "19T08:00",
    "19T08:15",
  ]);
});

const zones = fc.constantFrom(
  "UTC",
  "Europe/London",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "America/Santiago",
  "Africa/Cairo",
);
const clock = fc
  .integer({ min: 0, max: 95 })
  .map(
    (quarter) => `${String(Math.floor(quarter / 4)).padStart(2, "0")}:${String((quarter % 4) * 15).padStart(2, "0")}`,
  );
const stretch = fc
  .tuple(clock, fc.oneof(clock, fc.constant("24:00")))
  .filter(([from, until]) => from < until)
  .map(([from, until]) => `${from}-${until}`);
// Around the clock changes of both hemispheres and plain days.
const moment = fc
  .tuple(
    fc.constantFrom("2026-03-27", "2026-04-03", "2026-09-25", "2026-10-23", "2026-10-30", "2026-06-10"),
    fc.integer({ min: 0, max: 72 }),
  )
  .map(([date, hour]) => at(`${date}T00:00:00Z`) + hour * hourMs);

test("free times never overlap an appointment, never leave the hours of the local day, and are all there are", () => {
  fc.assert(
    fc.property(
      fc.record({
        zone: zones,
        hours: fc.array(stretch, { minLength: 1, maxLength: 3 }),
        start: moment,
        length: fc.integer({ min: 1, max: 60 }),
      }),
      fc.array(fc.record({ from: fc.integer({ min: 0, max: 240 }), quarters: fc.integer({ min: 1, max: 8 }) }), {
        maxLength: 6,
      }),
      fc.constantFrom(5, 15, 30, 45, 60, 90),
      ({ zone, hours, start, length }, taken, durationMinutes) => {
        const who = provider(zone, ...hours);
        const window = { start, end: start + length * hourMs };
        const busy = taken.map(({ from, quarters }) => ({
          start: start + from * slotStepMs,
          end: start + (from + quarters) * slotStepMs,
        }));
        const now = start + hourMs;
        const times = freeTimes(who, busy, { windows: [window], durationMinutes, now, most: 100_000 });
        const open = openTimes(who, window);
        for (const time of times) {
          expect(busy.some((other) => overlaps(other, time))).toBe(false);
          expect(open.some((stretch) => contains(stretch, time))).toBe(true);
          expect(time.start).toBeGreaterThanOrEqual(now);
          expect(time.end - time.start).toBe(durationMinutes * minuteMs);
        }
        // Each grid point that is missing has a reason.
        const found = new Set(times.map((time) => time.start));
        for (let point = Math.ceil(window.start / slotStepMs) * slotStepMs; point < window.end; point += slotStepMs) {
          const time = { start: point, end: point + durationMinutes * minuteMs };
          const possible =
            point >= now &&
            open.some((stretch) => contains(stretch, time)) &&
            !busy.some((other) => overlaps(other, time));
          expect(found.has(point)).toBe(possible);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("during open times the provider's own clock shows working hours", () => {
  fc.assert(
    fc.property(zones, stretch, moment, (zone, hours, start) => {
      const [from = "", until = ""] = hours.split("-");
      for (const open of openTimes(provider(zone, hours), { start, end: start + 2 * dayMs })) {
        for (let instant = open.start; instant < open.end; instant += slotStepMs) {
          const local = localTime(instant, zone);
          // Where an hour is repeated, the clock shows times after closing before it shows closing time again.
          if (local.hoursInDay > 24) continue;
          const shown = local.toPlainTime().toString({ smallestUnit: "minute" });
          expect(shown >= from && shown < until).toBe(true);
        }
      }
    }),
    { numRuns: 100 },
  );
});
