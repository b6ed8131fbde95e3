// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Gate } from "./gate.ts";

test("no more run at once than there are places, in the order in which they came, failures included", async () => {
  const gate = new Gate(3);
  let running = 0;
  let most = 0;
  const begun: number[] = [];
  const work = (index: number) =>
    gate.run(async () => {
      begun.push(index);
      most = Math.max(most, ++running);
      await turn();
      running--;
      if (index % 2 === 0) throw new Error("even");
    });
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => work(index)));
  expect(most).toBe(3);
  expect(begun).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(10);
  await gate.run(async () => expect(running).toBe(0));
});
