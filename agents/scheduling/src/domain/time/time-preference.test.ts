// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Wanted, wishOf } from "./time-preference.ts";
import { dayMs } from "./time-window.ts";

const now = Date.parse("2026-11-21T12:30:00Z");
const shown = (windows: readonly { start: number; end: number }[]) =>
  windows.map(
    ({ start, end }) => `${new Date(start).toISOString().slice(0, 16)}/${new Date(end).toISOString().slice(0, 16)}`,
  );

test("days of the week with hours are one window a day, in the zone of the wish", () => {
  const wanted = { kind: "days", days: [2, 4], latest: now + 11 * dayMs } as const;
  const { windows } = wishOf({ wanted, hours: { from: "14:00", until: "16:00" }, timeZone: "America/New_York" }, now);
  expect(shown(windows)).toEqual([
    "2026-11-24T19:00/2026-11-24T21:00",
    "2026-11-26T19:00/2026-11-26T21:00",
    "2026-12-01T19:00/2026-12-01T21:00",
  ]);
});

test("a range that has begun goes on from now; one that is over is empty", () => {
  const today = { kind: "range", earliest: now - dayMs, latest: now + dayMs } as const;
  expect(wishOf({ wanted: today, timeZone: "UTC" }, now).windows).toEqual([{ start: now, end: now + dayMs }]);
  const over = { kind: "range", earliest: now - 2 * dayMs, latest: now - dayMs } as const;
  expect(wishOf({ wanted: over, timeZone: "UTC" }, now).windows).toEqual([]);
});

test("an exact time looks a little around it, never before now", () => {
  const start = now + 60_000;
  const wish = wishOf({ wanted: { kind: "at", start }, timeZone: "UTC" }, now);
  expect(wish.ideal).toBe(start);
  expect(wish.windows[0]?.start).toBe(now);
  expect(wishOf({ wanted: { kind: "at", start: now - 1 }, timeZone: "UTC" }, now).windows).toEqual([]);
});

test("no wish at all is the next two weeks, and says that nothing was stated", () => {
  const wish = wishOf({ wanted: { kind: "any" }, timeZone: "UTC" }, now);
  expect(wish).toEqual({ windows: [{ start: now, end: now + 14 * dayMs }], stated: false });
});

test("whatever is wished, windows are ordered, apart, not before now and within 92 days", () => {
  const instant = fc.integer({ min: now - 400 * dayMs, max: now + 800 * dayMs });
  const wanted: fc.Arbitrary<Wanted> = fc.oneof(
    fc.constant({ kind: "any" } as const),
    fc.record({ kind: fc.constant("at" as const), start: instant }),
    fc.record({ kind: fc.constant("range" as const), earliest: instant, latest: instant }),
    fc.record({
      kind: fc.constant("days" as const),
      days: fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
      earliest: instant,
      latest: instant,
    }),
  );
  const hours = fc.option(
    fc.constantFrom(
      { from: "00:00", until: "24:00" },
      { from: "02:30", until: "03:00" },
      { from: "12:00", until: "18:00" },
    ),
    { nil: undefined },
  );
  const timeZone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia");
  fc.assert(
    fc.property(wanted, hours, timeZone, (wanted, hours, timeZone) => {
      const { windows } = wishOf({ wanted, hours, timeZone }, now);
      let last = now - 1;
      for (const { start, end } of windows) {
        expect(start).toBeGreaterThan(last);
        expect(end).toBeGreaterThan(start);
        last = end;
      }
      expect(windows.length).toBeLessThanOrEqual(100);
      expect((windows.at(-1)?.end ?? 0) - (windows[0]?.start ?? 0)).toBeLessThanOrEqual(92 * dayMs);
    }),
    { numRuns: 60 },
  );
});
