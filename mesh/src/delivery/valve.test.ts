// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { Valve } from "./valve.ts";

test("a valve is shut as long as anybody has a reason, and tells of the last one that goes", async () => {
  const valve = new Valve();
  const told: boolean[] = [];
  const end = valve.onChange(() => told.push(valve.isOpen));
  valve.shut("breaker");
  valve.shut("maintenance");
  valve.shut("breaker");
  expect([valve.isOpen, valve.reasons]).toEqual([false, ["breaker", "maintenance"]]);
  const opened = valve.opened();
  valve.open("breaker");
  expect(valve.isOpen).toBe(false);
  valve.open("maintenance");
  await opened;
  expect([valve.isOpen, valve.reasons, told]).toEqual([true, [], [false, true]]);
  valve.open("nobody's");
  end();
  valve.shut("again");
  expect(told).toEqual([false, true]);
});

test("who waits for a valve can stop waiting", async () => {
  const valve = new Valve();
  await valve.opened();
  valve.shut("maintenance");
  const stop = new AbortController();
  const opened = valve.opened(stop.signal);
  stop.abort(new Error("draining"));
  await expect(opened).rejects.toThrow("draining");
  await expect(valve.opened(stop.signal)).rejects.toThrow("draining");
});
