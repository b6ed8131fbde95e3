// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import type { ErrorClass } from "../error-codes.ts";
import { MeshError } from "../mesh-error.ts";
import type { RetryPlans } from "../plans.ts";
import { retryDelayMs } from "./retry-schedule.ts";

const plans: RetryPlans = new Map([
  ["TRANSIENT", { delaysMs: [1_000, 4_000, 16_000], jitter: 0.5, maxRetryAfterMs: 60_000 }],
  ["RATE_LIMIT", { delaysMs: [5_000, 10_000], jitter: 0, maxRetryAfterMs: 60_000 }],
] as const);

function delay(errorClass: ErrorClass, attempt: number, more: { retryAfterMs?: number; random?: number } = {}) {
  const { retryAfterMs, random = 0 } = more;
  const error = new MeshError({ code: "INTERNAL", message: "", errorClass, retryAfterMs });
  return retryDelayMs(plans, { error, attempt }, random);
}

test("n delays are n retries, and none after", () => {
  expect([1, 2, 3, 4, 5].map((attempt) => delay("TRANSIENT", attempt))).toEqual([
    1_000,
    4_000,
    16_000,
    undefined,
    undefined,
  ]);
});

test("all attempts count, whatever their class", () => {
  // The second attempt failed by another class than the first: it is the second delay of its schedule.
  expect(delay("RATE_LIMIT", 2)).toBe(10_000);
  expect(delay("RATE_LIMIT", 3)).toBeUndefined();
});

test("a class without a schedule is never tried again", () => {
  expect(delay("INVALID", 1)).toBeUndefined();
  expect(delay("UNAVAILABLE", 1, { retryAfterMs: 10 })).toBeUndefined();
});

test("jitter adds up to its share, and never takes anything away", () => {
  expect(delay("TRANSIENT", 1, { random: 1 })).toBe(1_500);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 3 }), (random, attempt) => {
      const base = delay("TRANSIENT", attempt) ?? Number.NaN;
      const jittered = delay("TRANSIENT", attempt, { random }) ?? Number.NaN;
      expect(jittered).toBeGreaterThanOrEqual(base);
      expect(jittered).toBeLessThanOrEqual(base * 1.5);
    }),
  );
});

test("Retry-After only lengthens a delay, and one that is too long ends the retrying", () => {
  expect(delay("RATE_LIMIT", 1, { retryAfterMs: 1 })).toBe(5_000);
  expect(delay("RATE_LIMIT", 1, { retryAfterMs: 60_000 })).toBe(60_000);
  expect(delay("RATE_LIMIT", 1, { retryAfterMs: 60_001 })).toBeUndefined();
});
