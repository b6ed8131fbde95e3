// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { sleep, systemClock } from "./clock.ts";
import { ManualClock } from "./testing/manual-clock.ts";

test("sleeping lasts as long as the clock says", async () => {
  const clock = new ManualClock();
  let awake = false;
  const sleeping = sleep(clock, 1_000).then(() => {
    awake = true;
  });
  await clock.advance(999);
  expect(awake).toBe(false);
  await clock.advance(1);
  await sleeping;
  expect(awake).toBe(true);
});

test("sleeping ends with its signal's reason, at once when it has aborted before, and leaves no timer behind", async () => {
  const clock = new ManualClock();
  const giveUp = new AbortController();
  const sleeping = sleep(clock, 1_000, giveUp.signal);
  giveUp.abort("reason");
  await expect(sleeping).rejects.toBe("reason");
  await expect(sleep(clock, 1_000, giveUp.signal)).rejects.toBe("reason");
  expect(clock.nextDueInMs).toBeUndefined();
});

test("the machine's clock takes delays that Node's timers cannot, and lets them be cancelled", () => {
  let called = false;
  const cancel = systemClock.after(2 ** 40, () => {
    called = true;
  });
  cancel();
  expect(called).toBe(false);
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
});
