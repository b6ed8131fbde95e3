// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { Unsettled } from "./unsettled.ts";

test("nothing is known at first", () => {
  expect(new Unsettled().next()).toBeUndefined();
});

test("the lowest message that was not settled here is where to go on", () => {
  const unsettled = new Unsettled();
  for (const sequence of [3, 4, 5]) unsettled.begin(sequence);
  unsettled.done(3);
  expect(unsettled.next()).toBe(4);
  unsettled.done(5);
  expect(unsettled.next()).toBe(4);
  unsettled.done(4);
  expect(unsettled.next()).toBe(6);
});

test("what the broker knows to be settled is not gone back to", () => {
  const unsettled = new Unsettled();
  unsettled.raise(7);
  expect(unsettled.next()).toBe(7);
  unsettled.begin(7);
  unsettled.begin(9);
  unsettled.raise(9);
  expect(unsettled.next()).toBe(9);
});
