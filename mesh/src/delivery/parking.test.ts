// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { openTestBroker } from "../broker/testdata/test-broker.ts";
import { headerFor } from "../header.ts";
import { parking } from "./park.ts";

const nothing = () => {};
const header = headerFor({
  sourceAgentId: "test.client",
  messageType: "t.v1.DoRequest",
  name: "t.v1.DoService/Do",
  timestamp: 0,
});

test("a command that is parked again, after a crash before it was acknowledged, waits once; a later one waits beside it", async () => {
  await using world = await openTestBroker();
  const { broker, names, appender, subjects } = world;
  const park = parking(appender, subjects);
  const pulled = {
    stream: names.commands,
    sequence: 7,
    subject: `${subjects.namespace}.cmd.medium.t-v1-DoService-Do.3.${header.messageId}.k`,
    headers: new Map([["ce-id", header.messageId]]),
    payload: new Uint8Array([1]),
    deliveryCount: 1,
    storedAt: 0,
    ack: nothing,
    nak: nothing,
    term: nothing,
    working: nothing,
  };
  const due = Date.now() + 3_600_000;
  await park(pulled, header, due);
  await park({ ...pulled, deliveryCount: 2 }, header, due);
  await park({ ...pulled, sequence: 8 }, header, due);

  const { state } = await broker.manager.streams.info(names.schedules);
  expect(state.messages).toBe(2);
  const first = await broker.manager.streams.getMessage(names.schedules, { seq: 1 });
  expect(first?.header.get("Nats-Schedule")).toBe(`@at ${new Date(due).toISOString()}`);
  expect(first?.header.get("Nats-Schedule-Target")).toMatch(
    new RegExp(`\\.cmd\\.medium\\.t-v1-DoService-Do\\.${header.messageId}\\.k$`),
  );
  expect(first?.header.get("ce-id")).toBe(header.messageId);
});
