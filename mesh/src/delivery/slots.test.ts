// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { lanes } from "../broker/lane.ts";
import { Slots } from "./slots.ts";

/** Asks for `count` places; tells how many were given at once. */
async function rush(slots: Slots, lane: (typeof lanes)[number], count: number, entered: string[] = []) {
  for (let index = 0; index < count; index++) void slots.take(lane).then(() => entered.push(lane));
  await Promise.resolve();
  await Promise.resolve();
  return entered.length;
}

test("a flood in one lane leaves the reserved places of every other lane free", async () => {
  for (const flood of lanes) {
    const slots = new Slots(32);
    expect(await rush(slots, flood, 1_000)).toBe(20);
    for (const lane of lanes) expect(slots.free(lane)).toBe(lane === flood ? 0 : 4);
    for (const lane of lanes.filter((other) => other !== flood)) expect(await rush(slots, lane, 10)).toBe(4);
  }
});

test("a place that falls free goes to the most urgent lane that waits, within a lane in order", async () => {
  const slots = new Slots(1);
  const leave = await slots.take("low");
  const order: string[] = [];
  const leaving: (() => void)[] = [];
  const ask = (lane: (typeof lanes)[number], name: string) =>
    void slots.take(lane).then((end) => {
      order.push(name);
      leaving.push(end);
    });
  ask("low", "low 1");
  ask("low", "low 2");
  ask("critical", "critical");
  ask("high", "high");
  leave();
  leave();
  for (let turn = 0; turn < 4; turn++) {
    await new Promise(setImmediate);
    leaving.shift()?.();
  }
  expect(order).toEqual(["critical", "high", "low 1", "low 2"]);
});

test("of few places none is reserved, and who asks is told when one falls free", async () => {
  let freed = 0;
  const slots = new Slots(4, { onFree: () => freed++ });
  expect(await rush(slots, "low", 3)).toBe(3);
  const end = await slots.take("critical");
  expect(slots.free("critical")).toBe(0);
  end();
  end();
  expect([slots.free("critical"), slots.free("low"), freed]).toEqual([1, 1, 1]);
});
