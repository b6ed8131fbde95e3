// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { ManualClock } from "./testing/manual-clock.ts";
import { bounded, boundedStream, openBudget } from "./time-budget.ts";

const open = (clock: ManualClock, parent?: AbortSignal) =>
  openBudget({ clock, timeoutMs: 1_000, what: "the work", parent });

test("a budget runs out after its time, with an error that says of what", async () => {
  const clock = new ManualClock();
  using budget = open(clock);
  await clock.advance(400);
  expect(budget.remainingMs()).toBe(600);
  expect(budget.signal.aborted).toBe(false);
  await clock.advance(600);
  expect(budget.remainingMs()).toBe(0);
  expect(budget.signal.reason).toMatchObject({
    code: "DEADLINE_EXCEEDED",
    message: '"the work" did not finish within 1000 ms',
    mayHaveRun: true,
  });
  await clock.advance(500);
  expect(budget.remainingMs()).toBe(0);
});

test("a budget ends with its parent: by its error when it is the mesh's, else as CANCELED", () => {
  const clock = new ManualClock();
  const parent = new AbortController();
  using before = open(clock, parent.signal);
  parent.abort("why");
  using after = open(clock, parent.signal);
  for (const { signal } of [before, after]) expect(signal.reason).toMatchObject({ code: "CANCELED", cause: "why" });
  using nested = open(clock, before.signal);
  expect(nested.signal.reason).toBe(before.signal.reason);
});

test("a budget that is disposed of leaves no timer, and its parent no longer matters", () => {
  const clock = new ManualClock();
  const parent = new AbortController();
  const budget = open(clock, parent.signal);
  budget[Symbol.dispose]();
  parent.abort();
  expect(clock.nextDueInMs).toBeUndefined();
  expect(budget.signal.aborted).toBe(false);
});

test("bounded work gives its result, its error, or the reason of its signal", async () => {
  const giveUp = new AbortController();
  await expect(bounded(Promise.resolve(1), giveUp.signal)).resolves.toBe(1);
  await expect(bounded(Promise.reject("broken"), giveUp.signal)).rejects.toBe("broken");
  const endless = bounded(new Promise(() => {}), giveUp.signal);
  giveUp.abort("enough");
  await expect(endless).rejects.toBe("enough");
  // What fails after it was given up is nobody's unhandled rejection.
  await expect(bounded(Promise.reject("late"), giveUp.signal)).rejects.toBe("enough");
});

test("a bounded stream closes its source when it is given up or left", async () => {
  let closed = 0;
  async function* source(waits: boolean) {
    try {
      yield 1;
      if (waits) await new Promise(() => {});
      yield 2;
    } finally {
      closed++;
    }
  }
  const idle = new AbortController();
  expect(await Array.fromAsync(boundedStream(source(false), idle.signal))).toEqual([1, 2]);
  for await (const _ of boundedStream(source(false), idle.signal)) break;
  expect(closed).toBe(2);

  const giveUp = new AbortController();
  const seen: number[] = [];
  const reading = (async () => {
    for await (const item of boundedStream(source(true), giveUp.signal)) seen.push(item);
  })();
  while (seen.length === 0) await Promise.resolve();
  giveUp.abort("enough");
  await expect(reading).rejects.toBe("enough");
});
