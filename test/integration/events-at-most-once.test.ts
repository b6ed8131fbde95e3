// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, on } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Listener } from "../agents/listener.ts";
import { EchoRepeatedSchema } from "../gen/parley/test/v1/echo_pb.js";
import { NewsWhisperedSchema } from "../gen/parley/test/v1/news_pb.js";
import { until } from "../tools/until.ts";

const listener = new Listener();
let mesh: TestMesh;
let second: TestMesh;

beforeAll(async () => {
  const speaker = defineAgent({ name: "test.speaker", publishes: [NewsWhisperedSchema] });
  mesh = await testMesh({ agents: [hearing("test.ear"), hearing("test.eye"), speaker] });
  second = await testMesh({ agents: [hearing("test.ear")], namespace: mesh.namespace, clock: mesh.clock });
});

afterAll(async () => {
  await second.drain();
  await mesh.drain();
});

function hearing(name: string) {
  return defineAgent({
    name,
    hears: [on(NewsWhisperedSchema, { name: "listen" }, listener.handler())],
    publishes: [EchoRepeatedSchema],
  });
}

test("an AT_MOST_ONCE event is heard once by each agent that listens, and stored nowhere [R24]", async () => {
  const keys = Array.from({ length: 40 }, (_, index) => `whisper.${index} *`);
  for (const key of keys) await mesh.publish(NewsWhisperedSchema, { key, text: "psst" });
  await until(() => listener.runs.length >= 2 * keys.length);
  await mesh.settled();
  for (const agent of ["test.ear", "test.eye"]) {
    expect(
      listener.runs
        .filter((run) => run.agent === agent)
        .map(({ key }) => key)
        .sort(),
    ).toEqual([...keys].sort());
  }
  expect(listener.runs[0]?.header).toMatchObject({ name: "NEWS_WHISPERED", sourceAgentId: "test.ear", attempt: 1 });
  const { state } = await mesh.broker.manager.streams.info(`${mesh.namespace}_JOURNAL_parley-test-v1`);
  expect(state.messages).toBe(0);
});

test("a failing hearer of it is not tried again and leaves no letter, and the next one is heard [R24]", async () => {
  listener.behave("fails", () => {
    throw new Error("no second chance");
  });
  await mesh.publish(NewsWhisperedSchema, { key: "fails" });
  await mesh.advance(120_000);
  await mesh.publish(NewsWhisperedSchema, { key: "next" });
  await until(() => listener.runsOf("next").length === 2);
  expect(listener.runsOf("fails")).toHaveLength(2);
  expect(await mesh.deadLetters()).toEqual([]);
  const failed = mesh.observed.filter(({ kind, error }) => kind === "heard" && error === "INTERNAL");
  expect(failed.length).toBeGreaterThan(0);
});

test("one that cannot be read hurts nobody", async () => {
  const subject = `${mesh.namespace}.sig.parley-test-v1-NewsWhispered.k`;
  mesh.broker.connection.publish(subject, Uint8Array.of(0xff));
  await mesh.publish(NewsWhisperedSchema, { key: "after-garbage" });
  await until(() => listener.runsOf("after-garbage").length === 2);
});

test("its hearer has the contract's time, and what it publishes is of the same flow", async () => {
  let reason: unknown;
  listener.behave("slow", async (event, ctx) => {
    if (ctx.agent === "test.eye") return;
    await ctx.publish(EchoRepeatedSchema, { key: event.key });
    await new Promise<void>((resolve) => {
      ctx.signal.addEventListener("abort", () => {
        reason = ctx.signal.reason;
        resolve();
      });
    });
  });
  const sent = await mesh.publish(NewsWhisperedSchema, { key: "slow" });
  await mesh.heard(EchoRepeatedSchema, { key: "slow" });
  await mesh.advance(5_000);
  expect(reason).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  const repeated = mesh.events.events.find(({ header }) => header.messageType === EchoRepeatedSchema.typeName);
  expect(repeated?.header).toMatchObject({ causationId: sent.messageId, hops: 1 });
});

test("nobody can hear it from what is retained", async () => {
  const hears = [on(NewsWhisperedSchema, { name: "late", from: "retained" }, () => {})];
  const started = testMesh({ agents: [defineAgent({ name: "test.late", hears })], namespace: mesh.namespace });
  await expect(started).rejects.toMatchObject({ code: "REFUSED", message: expect.stringContaining("NEWS_WHISPERED") });
});

test("one that is larger than the broker takes is refused, and the connection lives on", async () => {
  const large = { key: "large", text: "x".repeat(9_000_000) };
  await expect(mesh.publish(NewsWhisperedSchema, large)).rejects.toMatchObject({ code: "TOO_LARGE" });
  await mesh.publish(NewsWhisperedSchema, { key: "small" });
  await until(() => listener.runsOf("small").length === 2);
});
