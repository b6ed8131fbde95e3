// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { AgentProfileSchema, InstanceStatus, WireProtocol } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { type Context, defineAgent, defineProjection, MeshError, on } from "@parley/mesh";
import { streamNames } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { echoAgent, echoState } from "../agents/echo-agent.ts";
import { Listener } from "../agents/listener.ts";
import { EchoSaidSchema, EchoService, RelayService } from "../gen/parley/test/v1/echo_pb.js";
import { NewsWhisperedSchema } from "../gen/parley/test/v1/news_pb.js";
import { until } from "../tools/until.ts";

const listener = new Listener();
const echo = echoState();
/** Keys of all that was said. */
const said = defineProjection({
  name: "said",
  events: [EchoSaidSchema],
  initial: (): readonly string[] => [],
  evolve: (keys, { key }) => [...keys, key],
});
let mesh: TestMesh;
let second: TestMesh;

beforeAll(async () => {
  const relay = listener.agent("test.relay", { permissions: ["TEST_ONLY"], projections: [said] });
  const whisperer = defineAgent({
    name: "test.ear",
    hears: [on(NewsWhisperedSchema, { name: "listen" }, listener.handler())],
    publishes: [NewsWhisperedSchema],
  });
  mesh = await testMesh({ agents: [relay, whisperer] });
  second = await testMesh({ agents: [echoAgent(echo)], namespace: mesh.namespace, clock: mesh.clock });
  await until(() => mesh.directory.instancesOf(EchoService.typeName).length === 1);
});

afterAll(async () => {
  await second.drain();
  await mesh.drain();
});

/** Has the handler of each key but the last bring about the next one. */
function chain(name: string, length: number, next: (key: string, ctx: Context) => Promise<unknown>): readonly string[] {
  const keys = Array.from({ length }, (_, index) => `${name}-${index}`);
  for (const [index, key] of keys.entries()) {
    const following = keys[index + 1];
    listener.behave(key, async (_, ctx) => void (following !== undefined && (await next(following, ctx))));
  }
  return keys;
}

/** Has the broker deliver nothing of a consumer for a while. */
async function pause(stream: string, consumer: string, ms: number): Promise<void> {
  const until = JSON.stringify({ pause_until: new Date(Date.now() + ms).toISOString() });
  const answer = await mesh.broker.connection.request(`$JS.API.CONSUMER.PAUSE.${stream}.${consumer}`, until);
  expect(answer.json()).toMatchObject({ paused: true });
}

/** Whether something is not over after three hundred real milliseconds, far more than it takes where nothing holds it up. */
function isOpen(work: Promise<unknown>): Promise<boolean> {
  return Promise.race([work.then(() => false), wait(300, true)]);
}

const heardOf = (keys: readonly string[]) => keys.filter((key) => listener.runsOf(key).length > 0);

test("what one message sets in motion has happened, however long the chain and over how many hosts", async () => {
  const chains = ["north", "south", "west"].map((name) =>
    chain(name, 8, (key, ctx) => ctx.client(EchoService).say({ key })),
  );
  for (const [first = ""] of chains) await mesh.publish(EchoSaidSchema, { key: first });
  await mesh.settled();
  for (const keys of chains) expect(heardOf(keys)).toEqual(keys);
  const all = chains.flat().toSorted();
  expect(mesh.projections.view(said).toSorted()).toEqual(all);
  const recorded = second.events.of(EchoSaidSchema).map(({ key }) => key);
  expect(recorded.toSorted()).toEqual(all);
});

test("what the broker is slow to source has come", async () => {
  const { journal } = streamNames(mesh.namespace);
  await pause(journal("parley.test.v1"), "EVENTS", 200);
  await mesh.publish(EchoSaidSchema, { key: "sourced late" });
  await mesh.settled();
  expect(listener.runsOf("sourced late")).toHaveLength(1);
});

test("what has to be asked for again and again has been answered", async () => {
  const { dead } = streamNames(mesh.namespace);
  const { config } = await mesh.broker.manager.streams.info(dead);
  await mesh.broker.manager.streams.delete(dead);
  listener.behave("buried late", () => {
    throw new MeshError({ code: "REFUSED", message: "no" });
  });
  await mesh.publish(EchoSaidSchema, { key: "buried late" });
  await until(() => listener.runsOf("buried late").length === 1);
  const settled = mesh.settled();
  expect(await isOpen(settled)).toBe(true);
  await mesh.broker.manager.streams.add(config);
  await settled;
  expect(await mesh.deadLetters()).toMatchObject([{ error: { code: "REFUSED" } }]);
});

test("a call to a host that is none of these is answered", async () => {
  const asked = Promise.withResolvers<ServerHttp2Stream>();
  const stranger = createServer().on("stream", asked.resolve).listen(0, "127.0.0.1");
  await once(stranger, "listening");
  const address = stranger.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const profile = create(AgentProfileSchema, {
    id: "stranger",
    name: "test.relay",
    services: [RelayService.typeName],
    endpoint: `http://127.0.0.1:${port}`,
    protocol: WireProtocol.CONNECT,
    status: InstanceStatus.READY,
    weight: 1,
  });
  const registration = await mesh.register(profile);
  await until(() => mesh.directory.instancesOf(RelayService.typeName).length === 1);
  let answer: unknown;
  listener.behave("far", async (_, ctx) => {
    answer = await ctx.client(RelayService).relay({ text: "far" }).catch(MeshError.from);
  });
  await mesh.publish(EchoSaidSchema, { key: "far" });
  const stream = await asked.promise;
  const settled = mesh.settled();
  expect(await isOpen(settled)).toBe(true);
  stream.respond({ ":status": 404 });
  stream.end();
  await settled;
  expect(answer).toMatchObject({ code: "UNIMPLEMENTED" });
  await registration.leave();
  stranger.close();
});

test("what is stored nowhere has been heard too", async () => {
  const keys = chain("hush", 8, (key, ctx) => ctx.publish(NewsWhisperedSchema, { key }));
  await mesh.publish(NewsWhisperedSchema, { key: keys[0] ?? "" });
  await mesh.settled();
  expect(heardOf(keys)).toEqual(keys);
});

test("a call that nobody has awaited is answered, unless its handler waits for the test", async () => {
  let release = () => {};
  echo.gate = new Promise((resolve) => {
    release = resolve;
  });
  const answers: string[] = [];
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  listener.behave("asks", async (_, ctx) => {
    begin();
    const client = ctx.client(EchoService);
    const waiting = client.narrow({}).then(() => answers.push("narrow"));
    void client.echo({ text: "echo" }).then(({ text }) => answers.push(text));
    await waiting;
    for (let count = 0; count < 40; count++) await client.echo({ text: "again" });
    answers.push("all");
  });
  await mesh.publish(EchoSaidSchema, { key: "asks" });
  await begun;
  await mesh.settled();
  expect(answers).toEqual(["echo"]);
  release();
  await mesh.settled();
  expect(answers).toEqual(["echo", "narrow", "all"]);
});

test("time stands still at each retry until all that it brings about has happened", async () => {
  const times: number[] = [];
  const follow = chain("after", 6, async (key, ctx) => {
    times.push(ctx.clock.now());
    await ctx.publish(EchoSaidSchema, { key });
  });
  listener.behave("again", async (_, ctx) => {
    await ctx.publish(EchoSaidSchema, { key: follow[0] ?? "" });
    throw new MeshError({ code: "UNAVAILABLE", message: "not yet" });
  });
  const began = mesh.clock.now();
  await mesh.publish(EchoSaidSchema, { key: "again" });
  await mesh.advance(60_000);
  expect(listener.runsOf("again").map(({ at }) => at - began)).toEqual([0, 1_000, 5_000, 21_000]);
  expect(new Set(times.map((at) => at - began))).toEqual(new Set([0]));
  expect(heardOf(follow)).toEqual(follow);
});

test("what a host that drains gives back has come to another one", async () => {
  const leaving = await testMesh({
    agents: [listener.agent("test.relay", { where: "leaves" })],
    namespace: mesh.namespace,
    clock: mesh.clock,
  });
  const keys = Array.from({ length: 12 }, (_, index) => `moves-${index}`);
  for (const key of keys) {
    listener.behave(key, (_, { signal }) => {
      if (listener.runs.at(-1)?.where !== "leaves") return;
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    });
    await mesh.publish(EchoSaidSchema, { key });
  }
  await mesh.settled();
  const moving = keys.filter((key) => listener.runsOf(key)[0]?.where === "leaves");
  expect(moving.length).toBeGreaterThan(0);
  await leaving.drain();
  await mesh.settled();
  expect(moving.map((key) => listener.runsOf(key).map(({ where }) => where))).toEqual(moving.map(() => ["leaves", ""]));
});
