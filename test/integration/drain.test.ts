// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { defineAgent, MeshError } from "@parley/mesh";
import { brokerAppender, Subjects } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EchoState, echoAgent, echoState } from "../agents/echo-agent.ts";
import { Listener } from "../agents/listener.ts";
import { EchoSaidSchema, EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { until } from "../tools/until.ts";

const listener = new Listener();
let stays: TestMesh;
let caller: TestMesh;

beforeAll(async () => {
  stays = await testMesh({ agents: [echoAgent(), listener.agent("test.ear", { where: "stays" })] });
  caller = await testMesh({ agents: [defineAgent({ name: "test.caller" })], ...inMesh() });
});

afterAll(async () => {
  await caller.drain();
  await stays.drain();
});

const inMesh = () => ({ namespace: stays.namespace, clock: stays.clock });

const serving = () => caller.directory.instancesOf(EchoService.typeName).map(({ endpoint }) => endpoint);

/** A second host with the same agents, to be drained. */
async function leaving(state: EchoState = echoState()): Promise<TestMesh> {
  const before = serving().length;
  const mesh = await testMesh({
    agents: [echoAgent(state), listener.agent("test.ear", { where: "leaves" })],
    ...inMesh(),
  });
  await until(() => serving().length > before);
  return mesh;
}

test("calls in progress get their answer, and none that comes meanwhile is lost", async () => {
  const state = echoState();
  const mesh = await leaving(state);
  const slow = { text: "slow", wait: durationFromMs(400), stubborn: true };
  const inProgress = [caller.client(EchoService).echo(slow), caller.client(EchoService).echo(slow)];
  await until(() => state.seen.length > 0);
  let answered = 0;
  for (const call of inProgress) void call.then(() => answered++);
  const drained = mesh.drain();
  const answers: unknown[] = [];
  // Not idempotent, so no retry hides a call that is lost.
  const asking = (async () => {
    for (let ended = false; !ended; ended = await within(drained, 1))
      answers.push(await caller.client(EchoService).failOnce({}));
  })();
  // It says that it takes no more before it has answered what it has.
  await until(() => serving().length === 1);
  expect(answered).toBe(0);
  await expect(Promise.all(inProgress)).resolves.toMatchObject([{ text: "slow" }, { text: "slow" }]);
  await asking;
  expect(answers.length).toBeGreaterThan(1);
  expect(serving()).toEqual([stays.url]);
});

test("an event in progress is finished, those behind it go to another instance, and none is heard twice", async () => {
  const mesh = await leaving();
  const gate = Promise.withResolvers<void>();
  const keys = Array.from({ length: 60 }, (_, index) => `queued-${index}`);
  for (const key of keys) listener.behave(key, () => gate.promise);
  await Promise.all(keys.map((key) => stays.publish(EchoSaidSchema, { key })));
  const runs = () => listener.runs.filter(({ key }) => key.startsWith("queued-"));
  await until(() => runs().some(({ where }) => where === "leaves"));
  const drained = mesh.drain();
  await wait(20);
  gate.resolve();
  await drained;
  await until(() => runs().length >= keys.length);
  await stays.settled();
  expect(
    runs()
      .map(({ key }) => key)
      .sort(),
  ).toEqual([...keys].sort());
});

test("what waits for a retry goes to another instance", async () => {
  const mesh = await leaving();
  await until(async () => {
    const key = `parked-${Math.random()}`;
    listener.behave(key, ({ key: parked }) => {
      const { where } = listener.runsOf(parked).at(-1) ?? {};
      if (where === "leaves") throw new MeshError({ code: "UNAVAILABLE", message: "not here" });
    });
    await stays.publish(EchoSaidSchema, { key });
    await stays.settled();
    return listener.runsOf(key)[0]?.where === "leaves";
  });
  const key = listener.runs.findLast(({ where }) => where === "leaves")?.key ?? "";
  const started = performance.now();
  await mesh.drain();
  await until(() => listener.runsOf(key).length === 2);
  // After the contract's second, not when the broker has lost its patience of six.
  expect(performance.now() - started).toBeLessThan(5_500);
  expect(listener.runsOf(key)).toMatchObject([
    { where: "leaves", header: { attempt: 1 } },
    { where: "stays", header: { attempt: 2 } },
  ]);
});

test("a handler that does not end in time is told to, and its message goes to another instance at once", async () => {
  const mesh = await leaving();
  // On its last try: being told to stop is no failure that buries it.
  let reason: unknown;
  await until(async () => {
    const key = `endless-${Math.random()}`;
    listener.behave(key, ({ key: endless }, { signal }) => {
      if (listener.runsOf(endless).at(-1)?.where !== "leaves") return;
      signal.addEventListener("abort", () => {
        reason = signal.reason;
      });
      return new Promise(() => {});
    });
    await putLastTry(key);
    await until(() => listener.runsOf(key).length > 0);
    return listener.runsOf(key)[0]?.where === "leaves";
  });
  const key = listener.runs.findLast(({ where }) => where === "leaves")?.key ?? "";
  await mesh.drain();
  expect(reason).toMatchObject({ code: "CANCELED" });
  await until(() => listener.runsOf(key).length === 2);
  expect(listener.runsOf(key)[1]).toMatchObject({ where: "stays", header: { attempt: 5 } });
  expect(await stays.deadLetters()).toEqual([]);
});

test("a drained host says so to whoever still uses it, and drains once only", async () => {
  const mesh = await leaving();
  await Promise.all([mesh.drain(), mesh.drain()]);
  await mesh.drain();
  await expect(mesh.publish(EchoSaidSchema, { key: "late" })).rejects.toMatchObject({
    name: "MeshError",
    code: "BROKER_UNAVAILABLE",
    mayHaveRun: false,
  });
  await expect(fetch(mesh.url)).rejects.toThrow();
});

/** An event that its sender says has failed three times already, the contract's retries. */
async function putLastTry(key: string): Promise<void> {
  const event = { domain: "parley.test.v1", typeName: EchoSaidSchema.typeName, priority: "MEDIUM" } as const;
  const headers = { "ce-id": key, "ce-type": event.typeName, "ce-source": "test.peer", "ce-attempt": "4" };
  await brokerAppender(stays.broker).append({
    id: key,
    subject: new Subjects(stays.namespace).outgoingEvent(event, key),
    headers: new Map(Object.entries(headers)),
    payload: toBinary(EchoSaidSchema, create(EchoSaidSchema, { key })),
  });
}

async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  return Promise.race([work.then(() => true), wait(ms, false)]);
}
