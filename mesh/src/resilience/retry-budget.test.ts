// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { RetryBudget } from "./retry-budget.ts";

/** Retries that are granted now. */
function granted(budget: RetryBudget, now: number): number {
  for (let count = 0; ; count++) if (!budget.take(now)) return count;
}

test("there are ten retries to begin with, and one more for each five calls", () => {
  const budget = new RetryBudget(0);
  for (let call = 0; call < 50; call++) budget.called(0);
  expect(granted(budget, 0)).toBe(20);
  for (let call = 0; call < 5; call++) budget.called(0);
  expect(granted(budget, 0)).toBe(1);
});

test("what is called rarely has one retry a second", () => {
  const budget = new RetryBudget(0);
  granted(budget, 0);
  expect(granted(budget, 999)).toBe(0);
  expect(granted(budget, 3_500)).toBe(3);
});

test("no more than a hundred are saved up, and a clock that goes back takes nothing away", () => {
  const budget = new RetryBudget(0);
  for (let call = 0; call < 10_000; call++) budget.called(1_000);
  budget.called(0);
  expect(granted(budget, 1_000)).toBe(100);
});
