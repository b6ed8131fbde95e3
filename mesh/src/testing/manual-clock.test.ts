// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { sleep } from "../clock.ts";
import { ManualClock } from "./manual-clock.ts";

test("timers fire in the order of their time, each when it is that time, and equal ones as they were set", async () => {
  const clock = new ManualClock(0);
  const fired: (readonly [string, number])[] = [];
  for (const [name, delayMs] of [
    ["late", 300],
    ["first", 100],
    ["second", 100],
  ] as const) {
    clock.after(delayMs, () => fired.push([name, clock.now()]));
  }
  await clock.advance(300);
  expect(fired).toEqual([
    ["first", 100],
    ["second", 100],
    ["late", 300],
  ]);
  expect(clock.now()).toBe(300);
});

test("what a timer starts runs on the way, as far as the time goes", async () => {
  const clock = new ManualClock(0);
  const times: number[] = [];
  const run = async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(clock, 100);
      times.push(clock.now());
    }
  };
  void run();
  await clock.advance(250);
  expect(times).toEqual([100, 200]);
  expect(clock.nextDueInMs).toBe(50);
  await clock.advance(50);
  expect(times).toEqual([100, 200, 300]);
  expect(clock.nextDueInMs).toBeUndefined();
});

test("a timer that is cancelled does not fire, and one without delay fires at the next look", async () => {
  const clock = new ManualClock();
  let fired = 0;
  clock.after(10, () => fired++)();
  clock.after(-5, () => fired++);
  await clock.advance(0);
  await clock.advance(100);
  expect(fired).toBe(1);
});
