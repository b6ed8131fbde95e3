// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Broker, connectBroker } from "./connection.ts";
import { newestMessages } from "./newest-messages.ts";

const stream = `newest-${process.pid}`;
let broker: Broker;

beforeAll(async () => {
  broker = await connectBroker({ url: inject("natsUrl"), name: "newest" });
  await broker.manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
});

afterAll(async () => {
  await broker.manager.streams.delete(stream);
  await broker.close();
});

async function newest(maxMessages: number, maxBytes = 1_000): Promise<string[]> {
  const payloads = await newestMessages(broker, { stream, maxMessages, maxBytes });
  return payloads.map((payload) => new TextDecoder().decode(payload));
}

test("gives the newest messages first, over gaps, within the bounds", async () => {
  expect(await newest(10)).toEqual([]);
  for (let number = 1; number <= 40; number++) await broker.jetstream.publish(`${stream}.a`, `m${number}`);
  expect(await newest(3)).toEqual(["m40", "m39", "m38"]);
  expect(await newest(100)).toHaveLength(40);
  expect((await newest(100)).at(-1)).toBe("m1");
  await broker.manager.streams.deleteMessage(stream, 39);
  expect(await newest(3)).toEqual(["m40", "m38", "m37"]);
});

test("stops before it has too many bytes, but gives one message whatever its size", async () => {
  expect(await newest(100, 7)).toEqual(["m40", "m38"]);
  expect(await newest(100, 1)).toEqual(["m40"]);
});

test("a stream that is not there is NOT_FOUND", async () => {
  const reading = newestMessages(broker, { stream: "no-such-stream", maxMessages: 1, maxBytes: 1 });
  await expect(reading).rejects.toMatchObject({ code: "NOT_FOUND" });
});
