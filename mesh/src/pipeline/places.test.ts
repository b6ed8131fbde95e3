// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { Places } from "./places.ts";

test("a place that becomes free goes to who waits longest, and nobody else sees it free", async () => {
  const places = new Places(2);
  const [first, second] = [places.tryTake(), places.tryTake()];
  expect(places.tryTake()).toBeUndefined();
  const order: string[] = [];
  const waiting = ["a", "b"].map(async (name) => {
    const leave = await places.take(undefined);
    order.push(name);
    return leave;
  });
  first?.();
  first?.();
  expect(places.tryTake()).toBeUndefined();
  const leaveA = await waiting[0];
  expect(order).toEqual(["a"]);
  leaveA?.();
  (await waiting[1])?.();
  second?.();
  expect([places.tryTake(), places.tryTake(), places.tryTake()].map((leave) => leave !== undefined)).toEqual([
    true,
    true,
    false,
  ]);
});

test("who gives up waiting takes nothing", async () => {
  const places = new Places(1);
  const leave = places.tryTake();
  const reason = new Error("drained");
  await expect(places.take(AbortSignal.abort(reason))).rejects.toBe(reason);
  const giveUp = new AbortController();
  const waiting = places.take(giveUp.signal);
  giveUp.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  leave?.();
  expect(places.tryTake()).toBeDefined();
});
