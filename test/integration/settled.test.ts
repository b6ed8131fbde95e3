// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Context, defineAgent, defineProjection, MeshError, on } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { echoAgent, echoState } from "../agents/echo-agent.ts";
import { Listener } from "../agents/listener.ts";
import { EchoSaidSchema, EchoService } from "../gen/parley/test/v1/echo_pb.js";
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
let second: TestMesh;

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
  });
  await mesh.publish(EchoSaidSchema, { key: "asks" });
  await begun;
  await mesh.settled();
  expect(answers).toEqual(["echo"]);
  release();
  await mesh.settled();
  expect(answers).toEqual(["echo", "narrow"]);
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
