// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { openTestBroker, type TestBroker } from "../broker/testdata/test-broker.ts";
import { headerFor } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import { parking } from "./parking.ts";
import { attemptsHeader } from "./past-attempts.ts";

const nothing = () => {};
const header = headerFor({
  sourceAgentId: "test.client",
  messageType: "t.v1.DoRequest",
  name: "t.v1.DoService/Do",
  timestamp: 0,
});
const hearer = { agent: "test.job", hearer: "t.v1.DoService/Do", attempts: [] };

function pulledFrom({ names, namespace }: TestBroker, subject: string) {
  return {
    stream: names.commands,
    sequence: 7,
    subject: `${namespace}.${subject}`,
    headers: new Map([["ce-id", header.messageId]]),
    payload: new Uint8Array([1]),
    deliveryCount: 1,
    storedAt: 0,
    ack: nothing,
    nak: nothing,
    term: nothing,
    working: nothing,
    prove: nothing,
    notBefore: 0,
  };
}

test("what is parked again, after a crash before it was acknowledged, waits once and is known to wait; a later one waits beside it", async () => {
  await using world = await openTestBroker();
  const { broker, names } = world;
  const { park, holds } = parking(world);
  const pulled = pulledFrom(world, `cmd.medium.t-v1-DoService-Do.3.${header.messageId}.k`);
  const due = Date.now() + 3_600_000;
  expect(await holds(pulled)).toBe(false);
  await park(pulled, { ...hearer, header, due });
  await park({ ...pulled, deliveryCount: 2 }, { ...hearer, header, due: due + 1 });
  expect([await holds(pulled), await holds({ ...pulled, sequence: 8 })]).toEqual([true, false]);
  // Of a stream that was deleted and made again.
  expect(await holds({ ...pulled, storedAt: 1 })).toBe(false);
  await park({ ...pulled, sequence: 8 }, { ...hearer, header, due });

  const { state } = await broker.manager.streams.info(names.schedules);
  expect(state.messages).toBe(2);
  const first = await broker.manager.streams.getMessage(names.schedules, { seq: 1 });
  expect(first?.header.get("Nats-Schedule")).toBe(`@at ${new Date(due).toISOString()}`);
  expect(first?.header.get("Nats-Schedule-Target")).toMatch(
    new RegExp(`\\.cmd\\.medium\\.t-v1-DoService-Do\\.${header.messageId}\\.k$`),
  );
  expect(first?.header.get("ce-id")).toBe(header.messageId);
  expect(first?.header.has(attemptsHeader)).toBe(false);
});

test("an event is parked for its hearer alone, in its lane, with the number of its next try and what became of the others", async () => {
  await using world = await openTestBroker();
  const { park, holds } = parking(world);
  const pulled = pulledFrom(world, "evt.high.t-v1-Done.3.k");
  const error = new MeshError({ code: "UNAVAILABLE", message: "line is down" });
  const attempts = [{ attempt: 1, failedAt: 5, error }];
  const parked = { agent: "test.ear", hearer: "note", header: { ...header, attempt: 2 }, due: Date.now(), attempts };
  await park(pulled, parked);
  const { broker, names, namespace } = world;
  await expect.poll(async () => (await broker.manager.streams.info(names.events)).state.messages).toBe(1);
  const back = await broker.manager.streams.getMessage(names.events, { seq: 1 });
  expect(back?.subject).toMatch(new RegExp(`^${namespace}\\.evt\\.high\\.test-ear~note\\.\\d+\\.k$`));
  expect(back?.header.get("ce-attempt")).toBe("2");
  expect(back?.header.get(attemptsHeader)).toBe("1:5:UNAVAILABLE:UNAVAILABLE:0:line%20is%20down");
  // Also after it has come back: whoever crashed meanwhile must not park it again.
  expect(await holds(pulled)).toBe(true);
});
