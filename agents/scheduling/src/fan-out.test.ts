// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { fanOut } from "./fan-out.ts";

test("outcomes keep the order of the items, and one that fails does not sink the others", async () => {
  const outcomes = await fanOut([3, 1, 2], async (item) => {
    for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
    if (item === 1) throw new Error("no");
    return item * 10;
  });
  expect(outcomes).toEqual([
    { item: 3, kind: "done", value: 30 },
    { item: 1, kind: "failed", error: new Error("no") },
    { item: 2, kind: "done", value: 20 },
  ]);
});

test("no more than sixteen are in progress at once", async () => {
  let running = 0;
  let most = 0;
  const items = Array.from({ length: 100 }, (_, index) => index);
  await fanOut(items, async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  });
  expect(most).toBe(16);
});
