// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { KeyQueue } from "./key-queue.ts";

test("work on one key runs in order, one at a time, and a failure lets the next one in", async () => {
  const queue = new KeyQueue();
  const steps: string[] = [];
  const work = (name: string, fails = false) =>
    queue.run(["a"], async () => {
      steps.push(`${name} begins`);
      await turn();
      steps.push(`${name} ends`);
      if (fails) throw new Error(name);
    });
  await Promise.allSettled([work("one"), work("two", true), work("three")]);
  expect(steps).toEqual(["one begins", "one ends", "two begins", "two ends", "three begins", "three ends"]);
});

test("work on several keys in whatever order never waits for itself", async () => {
  const queue = new KeyQueue();
  let running = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++running);
    await turn();
    running--;
  };
  const orders = [["a", "b"], ["b", "a"], ["b"], ["a"], ["c", "b", "a"], ["a", "b", "c"]];
  await Promise.all(orders.map((keys) => queue.run(keys, work)));
  expect(most).toBe(2);
});

test("other keys do not wait", async () => {
  const queue = new KeyQueue();
  const blocked = Promise.withResolvers<void>();
  const first = queue.run(["a"], () => blocked.promise);
  await queue.run(["b"], async () => {});
  blocked.resolve();
  await first;
});
