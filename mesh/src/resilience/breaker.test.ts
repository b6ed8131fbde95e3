// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import type { BreakerPlan } from "../plans.ts";
import { Breaker, type BreakerState } from "./breaker.ts";

const plan: BreakerPlan = {
  failureRate: 0.5,
  windowMs: 60_000,
  minimumCalls: 10,
  openForMs: 30_000,
  halfOpenProbes: 3,
};

function opened(at = 0): Breaker {
  const breaker = new Breaker(plan);
  for (let call = 0; call < plan.minimumCalls; call++) breaker.failed(at);
  return breaker;
}

test("a breaker opens at the share of failures, not before the least number of calls [R32]", () => {
  const breaker = new Breaker(plan);
  for (let call = 0; call < 9; call++) breaker.failed(0);
  expect(breaker.state).toBe("closed");
  breaker.succeeded(0);
  expect(breaker.state).toBe("closed");
  breaker.failed(0);
  expect(breaker.state).toBe("open");
  expect(breaker.admit(29_999)).toBe(false);
  expect(breaker.retryAfterMs(10_000)).toBe(20_000);
});

test("failures below the share keep it closed", () => {
  const breaker = new Breaker(plan);
  for (let call = 0; call < 100; call++) call % 4 === 3 ? breaker.failed(call) : breaker.succeeded(call);
  expect(breaker.state).toBe("closed");
});

test("what is older than the window does not count", () => {
  const breaker = new Breaker(plan);
  for (let call = 0; call < 9; call++) breaker.failed(0);
  breaker.failed(60_000);
  expect(breaker.state).toBe("closed");
});

test("after its time it lets as many probes through as the contract says, and all must succeed [R32]", () => {
  const breaker = opened();
  expect([1, 2, 3, 4].map(() => breaker.admit(30_000))).toEqual([true, true, true, false]);
  breaker.succeeded(30_001);
  breaker.succeeded(30_001);
  expect(breaker.state).toBe("half_open");
  expect(breaker.admit(30_002)).toBe(false);
  breaker.succeeded(30_003);
  expect(breaker.state).toBe("closed");
});

test("one failed probe opens it again for its whole time", () => {
  const breaker = opened();
  breaker.admit(30_000);
  breaker.admit(30_000);
  breaker.failed(31_000);
  expect(breaker.state).toBe("open");
  expect(breaker.admit(60_999)).toBe(false);
  expect(breaker.admit(61_000)).toBe(true);
});

test("a probe that told nothing makes room for another", () => {
  const breaker = opened();
  for (let probe = 0; probe < 3; probe++) breaker.admit(30_000);
  expect(breaker.admit(30_000)).toBe(false);
  breaker.released();
  expect(breaker.admit(30_000)).toBe(true);
});

test("late answers of calls from before it opened change nothing", () => {
  const breaker = opened();
  breaker.succeeded(1);
  breaker.failed(1);
  breaker.released();
  expect(breaker.state).toBe("open");
  expect(breaker.retryAfterMs(1)).toBe(29_999);
});

test("whatever happens, it is never open longer than its time without being asked", () => {
  const step = fc.record({ after: fc.integer({ min: 0, max: 20_000 }), kind: fc.constantFrom("ok", "bad", "none") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const states: BreakerState[] = [];
      const breaker = new Breaker(plan, (state) => states.push(state));
      let now = 0;
      for (const { after, kind } of steps) {
        now += after;
        if (!breaker.admit(now)) continue;
        if (kind === "ok") breaker.succeeded(now);
        else if (kind === "bad") breaker.failed(now);
        else breaker.released();
      }
      expect(breaker.admit(now + plan.openForMs) || breaker.state === "half_open").toBe(true);
      for (const [index, state] of states.entries())
        if (state === "closed") expect(states[index - 1]).toBe("half_open");
    }),
  );
});
