// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import { bounds, merged, overlaps, shared, type TimeWindow } from "./time-window.ts";

const window = fc
  .record({ start: fc.integer({ min: 0, max: 200 }), length: fc.integer({ min: 0, max: 50 }) })
  .map(({ start, length }) => ({ start, end: start + length }));

const covered = (windows: readonly TimeWindow[]) =>
  Array.from({ length: 260 }, (_, instant) => windows.some(({ start, end }) => start <= instant && instant < end));

test("merging keeps exactly the same time, in order and without touching windows", () => {
  fc.assert(
    fc.property(fc.array(window, { maxLength: 12 }), (windows) => {
      const result = merged(windows);
      expect(covered(result)).toEqual(covered(windows));
      for (const [index, next] of result.entries())
        if (index > 0) expect(next.start).toBeGreaterThan(result[index - 1]?.end ?? 0);
    }),
  );
});

test("what two windows share is there exactly when they overlap", () => {
  fc.assert(
    fc.property(window, window, (one, other) => {
      const both = shared(one, other);
      expect(covered(both === undefined ? [] : [both])).toEqual(
        covered([one]).map((is, instant) => is && (covered([other])[instant] ?? false)),
      );
      if (one.start < one.end && other.start < other.end) expect(both !== undefined).toBe(overlaps(one, other));
    }),
  );
});

test("the bounds of no windows are none", () => {
  expect(bounds([])).toBeUndefined();
  expect(
    bounds([
      { start: 5, end: 6 },
      { start: 1, end: 2 },
    ]),
  ).toEqual({ start: 1, end: 6 });
});
