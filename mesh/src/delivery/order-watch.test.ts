// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { OrderWatch } from "./order-watch.ts";

test("a message that begins after a later one of its key is seen, a further try and other keys are not taken for one", () => {
  const watch = new OrderWatch();
  expect([watch.begins("a", 2), watch.begins("b", 1), watch.begins("a", 2), watch.begins("a", 5)]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([watch.begins("a", 4), watch.begins("a", 5), watch.begins("b", 3)]).toEqual([false, true, true]);
});

test("of many keys those that were heard last are remembered", () => {
  const watch = new OrderWatch();
  for (let key = 0; key < 10_001; key++) watch.begins(`k${key}`, 7);
  expect([watch.begins("k10000", 6), watch.begins("k0", 6)]).toEqual([false, true]);
});
