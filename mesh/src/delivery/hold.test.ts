// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, onTestFinished, test } from "vitest";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { Hold } from "./hold.ts";

/** A message that the broker may have sent so many milliseconds ago, held under a lease. */
function held(ageMs: number) {
  const heard: (() => void)[] = [];
  const said: string[] = [];
  let lost = 0;
  const pulled: PulledMessage = {
    stream: "S",
    sequence: 1,
    subject: "ns.evt.medium.t.1.k",
    headers: new Map(),
    payload: new Uint8Array(),
    deliveryCount: 1,
    storedAt: 0,
    notBefore: performance.now() - ageMs,
    ack: () => void said.push("ack"),
    nak: () => void said.push("nak"),
    term: () => void said.push("term"),
    working: (confirm = () => {}) => void heard.push(confirm),
    prove: () => {},
  };
  const hold = new Hold(pulled, { isLeased: true, onLost: () => void lost++ });
  onTestFinished(() => hold[Symbol.dispose]());
  return { hold, heard, said, lost: () => lost };
}

test("a message that may have been sent longer ago than the broker has patience is lost, told of once, and not given back", () => {
  const { hold, said, lost } = held(6_000);
  expect([hold.isLost, hold.isLost, hold.signal.aborted]).toEqual([true, true, true]);
  expect(lost()).toBe(1);
  hold.message.nak(1);
  expect(said).toEqual([]);
  expect(() => hold.assertHeld()).toThrow("with another instance");
});

test("one that was long under way is told of at once, and stays only if the broker has heard it in time", () => {
  const confirmed = held(5_400);
  expect(confirmed.heard).toHaveLength(1);
  for (const confirm of confirmed.heard) confirm();
  const unheard = held(5_400);
  const late = held(5_400);
  for (const end = performance.now() + 150; performance.now() < end; );
  // It stood still meanwhile: the answer that comes now is too late.
  for (const confirm of late.heard) confirm();
  expect([confirmed.hold.isLost, unheard.hold.isLost, late.hold.isLost]).toEqual([false, true, true]);
});

test("a fresh one is not told of before it is time", () => {
  const { hold, heard } = held(0);
  expect([hold.isLost, heard.length]).toEqual([false, 0]);
});
