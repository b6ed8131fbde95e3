// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeshError } from "@parley/mesh";
import { type NatsServer, startServer } from "@parley/mesh/broker";
import { testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { echoAgent } from "../agents/echo-agent.ts";
import { Listener } from "../agents/listener.ts";
import { EchoRepeatedSchema, EchoSaidSchema, EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { NewsWhisperedSchema } from "../gen/parley/test/v1/news_pb.js";
import { until } from "../tools/until.ts";

let server: NatsServer;
let storeDir: string;

beforeAll(async () => {
  storeDir = await mkdtemp(join(tmpdir(), "parley-test-"));
  server = await startServer({ storeDir, maxFileStoreBytes: 2 ** 50 });
});

afterAll(async () => {
  await server.stop();
  await rm(storeDir, { recursive: true, force: true });
});

test("a broker that is killed amid publishing and hearing loses no event and doubles none [R29]", async () => {
  const listener = new Listener();
  await using mesh = await testMesh({ agents: [listener.agent("test.ear"), echoAgent()], broker: server.url });
  const keys = Array.from({ length: 400 }, (_, index) => `k-${index}`);
  for (const key of keys) {
    listener.behave(key, (event, ctx) => ctx.publish(EchoRepeatedSchema, { key: event.key, text: `of ${event.key}` }));
  }
  const acknowledged = new Map<string, string>();
  const waiting = [...keys];
  const publisher = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      const header = await mesh.publish(EchoSaidSchema, { key, text: `text of ${key}` });
      acknowledged.set(header.messageId, key);
    }
  };
  const publishing = Promise.all(Array.from({ length: 16 }, publisher));
  for (const atLeast of [50, 200]) {
    await until(() => acknowledged.size >= atLeast);
    await server.kill();
    await server.restart();
  }
  await publishing;
  expect(acknowledged.size).toBe(keys.length);

  const repeated = () => mesh.events.of(EchoRepeatedSchema).length;
  await until(() => repeated() >= keys.length);
  await mesh.settled();
  const stored = mesh.events.events.filter(({ header }) => header.messageType === EchoSaidSchema.typeName);
  const storedIds = new Set(stored.map(({ header }) => header.messageId));
  expect(storedIds).toEqual(new Set(acknowledged.keys()));
  for (const said of mesh.events.of(EchoSaidSchema)) expect(said.text).toBe(`text of ${said.key}`);
  // What was heard is what is stored, under the very ids; twice perhaps, never not.
  for (const { key, header } of listener.runs) expect(acknowledged.get(header.messageId)).toBe(key);
  expect(new Set(listener.runs.map(({ key }) => key))).toEqual(new Set(keys));
  // What hearers published is there once, however often they ran.
  const { messages } = (await mesh.broker.manager.streams.info(`${mesh.namespace}_EVENTS`)).state;
  expect(messages).toBe(2 * keys.length);
  expect(await mesh.deadLetters()).toEqual([]);
});

test("while the broker is away calls go on, publishing waits for it, and what is not stored is refused", async () => {
  const listener = new Listener();
  await using mesh = await testMesh({ agents: [listener.agent("test.ear"), echoAgent()], broker: server.url });
  await server.kill();
  await expect(mesh.client(EchoService).echo({ text: "without" })).resolves.toMatchObject({ text: "without" });
  const whisper = () => mesh.publish(NewsWhisperedSchema, { key: "lost" }).catch((error: unknown) => error);
  await until(async () => (await whisper()) instanceof MeshError);
  expect(await whisper()).toMatchObject({ code: "BROKER_UNAVAILABLE", mayHaveRun: false });
  const published = mesh.publish(EchoSaidSchema, { key: "patient" });
  await server.restart();
  await published;
  await until(() => listener.runsOf("patient").length === 1);
  await expect(whisper()).resolves.toMatchObject({ name: "NEWS_WHISPERED" });
});
