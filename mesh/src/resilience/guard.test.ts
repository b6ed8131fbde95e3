// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { MeshError } from "../mesh-error.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Guard } from "./guard.ts";

const plan = { failureRate: 0.5, windowMs: 60_000, minimumCalls: 2, openForMs: 30_000, halfOpenProbes: 2 };
const never = new AbortController().signal;
const failure = new MeshError({ code: "UNAVAILABLE", message: "gone" });

function opened() {
  const clock = new ManualClock(0);
  const guard = new Guard({ name: "smtp", plan, clock });
  for (const admission of [guard.admit(), guard.admit()]) admission?.failed(failure);
  return { clock, guard };
}

test("who waits is woken when the time is over, when a probe ends and when it closes", async () => {
  const { clock, guard } = opened();
  const woken: number[] = [];
  const watch = async (): Promise<void> => {
    for (;;) {
      await guard.changed(never);
      woken.push(clock.now());
    }
  };
  void watch();
  expect(guard.admit()).toBeUndefined();
  await clock.advance(30_000);
  expect(woken).toEqual([30_000]);
  const [first, second] = [guard.admit(), guard.admit()];
  expect(guard.admit()).toBeUndefined();
  await clock.advance(1_000);
  first?.succeeded();
  await clock.advance(1_000);
  second?.released();
  const third = guard.admit();
  await clock.advance(1_000);
  expect(guard.state).toBe("half_open");
  third?.succeeded();
  await clock.advance(0);
  expect(guard.state).toBe("closed");
  expect([...new Set(woken)]).toEqual([30_000, 31_000, 32_000, 33_000]);
});

test("who gives up waiting gets the reason", async () => {
  const { guard } = opened();
  const reason = new Error("drained");
  await expect(guard.changed(AbortSignal.abort(reason))).rejects.toBe(reason);
  const giveUp = new AbortController();
  const waiting = guard.changed(giveUp.signal);
  giveUp.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test("as much work may begin while it is half open as there are probes, whether or not it has asked for its place", async () => {
  const { clock, guard } = opened();
  expect(guard.begin()).toBeUndefined();
  await clock.advance(30_000);
  const [end, other] = [guard.begin(), guard.begin()];
  expect(guard.begin()).toBeUndefined();
  end?.();
  end?.();
  const next = guard.begin();
  expect([next !== undefined, guard.begin()]).toEqual([true, undefined]);
  guard.admit()?.succeeded();
  guard.admit()?.succeeded();
  for (const over of [other, next]) over?.();
  expect(Array.from({ length: 5 }, () => guard.begin()).every((begun) => begun !== undefined)).toBe(true);
});

test("an error that says nothing about the other side only gives its place back", async () => {
  const clock = new ManualClock(0);
  const guard = new Guard({ name: "smtp", plan, clock });
  for (let call = 0; call < 9; call++) guard.admit()?.failed(new MeshError({ code: "INVALID_MESSAGE", message: "no" }));
  expect(guard.state).toBe("closed");
});

test("followers are told when it opens and when probes may come, and again when these fail", async () => {
  const { clock, guard } = opened();
  const told: (readonly [boolean, number])[] = [];
  const end = guard.follow((isOpen) => told.push([isOpen, clock.now()]));
  await clock.advance(30_000);
  guard.admit()?.failed(failure);
  await clock.advance(30_000);
  expect(told).toEqual([
    [true, 0],
    [false, 30_000],
    [true, 30_000],
    [false, 60_000],
  ]);
  end();
  guard.admit()?.failed(failure);
  expect(told).toHaveLength(4);
});
