// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { defineAgent, type MessageHeader, on } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { echoAgent, relayAgent } from "../agents/echo-agent.ts";
import { Listener } from "../agents/listener.ts";
import { EchoRepeatedSchema, EchoSaidSchema, EchoService, RelayService } from "../gen/parley/test/v1/echo_pb.js";
import { until } from "../tools/until.ts";

const listener = new Listener();
const ping = defineAgent({
  name: "test.ping",
  hears: [
    on(EchoSaidSchema, { name: "ping" }, async ({ key }, ctx) => {
      if (key.startsWith("loop")) await ctx.publish(EchoRepeatedSchema, { key });
    }),
  ],
});
const pong = defineAgent({
  name: "test.pong",
  hears: [
    on(EchoRepeatedSchema, { name: "pong" }, async ({ key }, ctx) => {
      if (key.startsWith("loop")) await ctx.publish(EchoSaidSchema, { key });
    }),
  ],
});
let mesh: TestMesh;

beforeAll(async () => {
  mesh = await testMesh({ agents: [listener.agent("test.ear"), echoAgent(), relayAgent, ping, pong] });
});

afterAll(() => mesh.drain());

test("call, event, handler and the handler's call are one flow: same correlation and conversation, each caused by the one before [R01]", async () => {
  let answer: unknown;
  listener.behave("flow", async (_, ctx) => {
    answer = await ctx.client(RelayService).relay({ text: "on" });
  });
  const client = mesh.client(EchoService, { source: "test.ear", conversationId: "c-9" });
  await client.say({ key: "flow", text: "hello" });
  await mesh.settled();

  const [say, said, heard, relay, echo] = await flowOf("flow");
  expect(say).toMatchObject({
    sourceAgentId: "test.ear",
    targetAgentId: "test.echo",
    name: "parley.test.v1.EchoService/Say",
  });
  expect(say?.correlationId).toBe(say?.messageId);
  expect(say?.causationId).toBeUndefined();
  expect(said).toMatchObject({ causationId: say?.messageId, sourceAgentId: "test.echo", name: "ECHO_SAID" });
  expect(said?.targetAgentId).toBeUndefined();
  expect(heard).toEqual(said);
  expect(relay).toMatchObject({ causationId: said?.messageId, sourceAgentId: "test.ear", targetAgentId: "test.relay" });
  expect(echo).toMatchObject({
    causationId: relay?.messageId,
    sourceAgentId: "test.relay",
    targetAgentId: "test.echo",
  });
  for (const [hops, header] of [say, said, relay, echo].entries()) {
    expect(header).toMatchObject({ correlationId: say?.messageId, conversationId: "c-9", hops, attempt: 1 });
  }
  expect(new Set([say, said, relay, echo].map((header) => header?.messageId)).size).toBe(4);
  expect(answer).toMatchObject({ echo: { correlationId: say?.messageId, conversationId: "c-9", hops: 3 } });
});

test("a handler may begin another conversation for what it sends", async () => {
  listener.behave("conversation", async (_, ctx) => {
    await ctx.client(EchoService).echo({ text: "other" }, { conversationId: "c-other" });
  });
  await mesh.publish(EchoSaidSchema, { key: "conversation" }, { conversationId: "c-first" });
  await mesh.settled();
  expect(mesh.observed.at(-1)?.kind).toBe("heard");
  const call = mesh.observed.findLast(({ kind }) => kind === "called");
  expect(call?.header).toMatchObject({ conversationId: "c-other" });
});

test("two agents that answer each other end after 32 hops, with a dead letter that says LOOP [R35]", async () => {
  await mesh.publish(EchoSaidSchema, { key: "loop" });
  await until(async () => (await mesh.deadLetters()).length > 0);
  await mesh.settled();
  const heard = mesh.observed.filter(({ kind, header }) => kind === "heard" && header.hops > 3);
  expect(Math.max(...heard.map(({ header }) => header.hops))).toBe(32);
  expect(await mesh.deadLetters()).toMatchObject([
    { agent: "test.ping", header: { hops: 32 }, error: { code: "LOOP" }, attempts: [{ attempt: 1 }] },
  ]);
  const published = mesh.observed.filter(({ kind, header }) => kind === "published" && header.hops > 0);
  expect(published.filter(({ header }) => header.correlationId === heard[0]?.header.correlationId)).toHaveLength(32);
});

test("a hearer's calls have the hearer's time, however little the publisher's caller had left", async () => {
  const released = Promise.withResolvers<void>();
  const outcome = Promise.withResolvers<unknown>();
  listener.behave("late", async (_, ctx) => {
    await released.promise;
    outcome.resolve(
      await ctx
        .client(EchoService)
        .echo({ text: "in time" })
        .catch((error: unknown) => error),
    );
  });
  await mesh.client(EchoService).say({ key: "late" }, { timeoutMs: 10 });
  await until(() => listener.runsOf("late").length === 1);
  await mesh.clock.advance(1_000);
  released.resolve();
  await expect(outcome.promise).resolves.toMatchObject({ text: "in time" });
});

test("a handler's own calls end with the handler's time", async () => {
  let failure: unknown;
  listener.behave("bounded", async (_, ctx) => {
    failure = await ctx
      .client(EchoService)
      .echo({ text: "too slow", wait: durationFromMs(60_000) })
      .catch((error: unknown) => error);
  });
  await mesh.publish(EchoSaidSchema, { key: "bounded" });
  await until(() => listener.runsOf("bounded").length === 1);
  await mesh.advance(5_000);
  expect(failure).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  listener.behave("bounded", () => {});
  await mesh.advance(1_000);
});

/** The headers of one flow in the order in which it went on. */
async function flowOf(key: string): Promise<readonly (MessageHeader | undefined)[]> {
  const heard = listener.runsOf(key)[0]?.header;
  const inFlow = mesh.observed.filter(({ header }) => header.correlationId === heard?.correlationId);
  const called = (name: string) => inFlow.find(({ header }) => header.name.endsWith(name))?.header;
  const published = inFlow.find(({ kind }) => kind === "published")?.header;
  return [called("/Say"), published, heard, called("/Relay"), called("/Echo")];
}
