// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  OverlayChange,
  PolicyOverlayChangedSchema,
  type PolicyOverlaySchema,
  PolicyOverlayService,
} from "@parley/contracts/parley/mesh/v1/overlay_pb.js";
import { type Client, defineAgent, MeshError } from "@parley/mesh";
import { openBucket } from "@parley/mesh/broker";
import { operatorAgent } from "@parley/mesh/operator";
import { ManualClock, type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { echoAgent, echoState } from "../agents/echo-agent.ts";
import { Workshop } from "../agents/job-agent.ts";
import { EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { JobService } from "../gen/parley/test/v1/job_pb.js";
import { until } from "../tools/until.ts";

const clock = new ManualClock();
const state = echoState();
const workshop = new Workshop();
let serving: TestMesh;
let caller: TestMesh;
let desk: TestMesh;
let overlays: Client<typeof PolicyOverlayService>;
const meshes = () => [serving, caller, desk];

type OverlayInit = MessageInitShape<typeof PolicyOverlaySchema>;
const hourMs = 3_600_000;

beforeAll(async () => {
  serving = await testMesh({ agents: [echoAgent(state), workshop.agent()], clock });
  const { namespace } = serving;
  caller = await testMesh({ agents: [defineAgent({ name: "test.caller" })], namespace, clock });
  const operator = operatorAgent();
  desk = await testMesh({ agents: [operator.agent], namespace, clock });
  operator.attach(desk);
  overlays = desk.client(PolicyOverlayService);
  await until(() => meshes().every(({ directory }) => directory.instancesOf(EchoService.typeName).length === 1));
});

afterEach(async () => {
  for (const { method } of desk.overlays.all()) await overlays.removeOverlay({ method, author: "test" });
  await until(() => meshes().every((mesh) => mesh.overlays.all().length === 0));
});

afterAll(async () => {
  await desk.drain();
  await caller.drain();
  await serving.drain();
});

const nameOf = (method: "echo" | "fail" | "failOnce" | "fragile" | "narrow") =>
  `${EchoService.typeName}/${EchoService.method[method].name}`;

function init(overlay: OverlayInit): OverlayInit {
  return { author: "ada", reason: "a test", expiresAt: timestampFromMs(clock.now() + hourMs), ...overlay };
}

/** Sets an overlay and waits until every host has it. */
async function overlay(settings: OverlayInit): Promise<void> {
  await overlays.setOverlay({ overlay: init(settings) });
  await until(() => meshes().every((mesh) => mesh.overlays.all().some(({ method }) => method === settings.method)));
}

test("a timeout holds at the caller and at the handler, in every host, until it is taken away again", async () => {
  const fail = () => caller.client(EchoService).echo({ text: "slow", wait: durationFromMs(60_000) });
  await overlay({ method: nameOf("echo"), timeout: durationFromMs(700) });
  for (const mesh of meshes()) {
    const contract = mesh.overlays.of(mesh.contracts.method(EchoService.method.echo));
    expect(contract).toMatchObject({ timeoutMs: 700, totalTimeoutMs: 700, permission: "*" });
    expect(Object.isFrozen(contract)).toBe(true);
  }
  const failure = expect(fail()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  // A client that knows no contract, and gives no time of its own, is bounded by the handler's side.
  const plain = fetch(`${serving.url}/${nameOf("echo")}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: "plain", wait: "60s" }),
  });
  await until(() => state.seen.length === 2);
  await clock.advance(700);
  await failure;
  expect((await (await plain).json()) as object).toMatchObject({
    code: "deadline_exceeded",
    message: expect.stringContaining("700 ms"),
  });
  await overlays.removeOverlay({ method: nameOf("echo"), author: "ada" });
  await until(() => meshes().every((mesh) => mesh.overlays.all().length === 0));
  const contract = caller.contracts.method(EchoService.method.echo);
  expect(caller.overlays.of(contract)).toBe(contract);
});

test("a longer timeout gives more time, but no more than a caller gives", async () => {
  await overlay({ method: nameOf("echo"), timeout: durationFromMs(20_000) });
  const runs = state.seen.length;
  const patient = caller.client(EchoService).echo({ text: "patient", wait: durationFromMs(150) });
  const hasty = caller.client(EchoService).echo({ text: "hasty", wait: durationFromMs(60_000) }, { timeoutMs: 900 });
  const failure = expect(hasty).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  await until(() => state.seen.length === runs + 2);
  await clock.advance(10_000);
  await failure;
  await expect(patient).resolves.toMatchObject({ text: "patient" });
});

test("delays hold for calls: none at all, or others than the contract's", async () => {
  const fail = () => caller.client(EchoService).fail({ code: "UNAVAILABLE", times: 2 });
  await overlay({ method: nameOf("fail"), retry: {} });
  state.runs = 0;
  await expect(fail()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(state.runs).toBe(1);
  await overlay({
    method: nameOf("fail"),
    retry: { delays: [durationFromMs(3_000), durationFromMs(5_000)], jitter: 0 },
  });
  await until(() => meshes().every((mesh) => mesh.overlays.all()[0]?.retry?.delays.length === 2));
  state.runs = 0;
  const started = clock.now();
  const retried = fail();
  await until(async () => {
    await clock.advance(100);
    return state.runs === 3;
  });
  await expect(retried).resolves.toMatchObject({ runs: 3 });
  // The contract's own delays are a second and four, which the handler's Retry-After makes six.
  expect(clock.now() - started).toBeGreaterThanOrEqual(8_000);
});

test("a breaker holds for calls, beginning closed, and is gone with its overlay", async () => {
  const fail = () => caller.client(EchoService).failOnce({ code: "UNAVAILABLE" });
  const method = nameOf("failOnce");
  await overlay({ method, retry: {}, breaker: { minimumCalls: 2, failureRate: 1, openFor: durationFromMs(60_000) } });
  for (const code of ["UNAVAILABLE", "UNAVAILABLE", "BREAKER_OPEN"])
    await expect(fail()).rejects.toMatchObject({ code });
  await overlay({ method, retry: {}, breaker: { minimumCalls: 5, failureRate: 1 } });
  await until(() => caller.overlays.all()[0]?.breaker?.minimumCalls === 5);
  await expect(fail()).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("concurrency holds for handlers, up and down", async () => {
  const narrow = () => caller.client(EchoService).narrow({}, { timeoutMs: 60_000 });
  const gate = Promise.withResolvers<void>();
  state.gate = gate.promise;
  await overlay({ method: nameOf("narrow"), retry: {}, maxConcurrency: 3 });
  const three = [narrow(), narrow(), narrow()];
  await expect(narrow()).rejects.toMatchObject({ code: "OVERLOADED", message: expect.stringContaining("3 handlers") });
  await overlay({ method: nameOf("narrow"), retry: {}, maxConcurrency: 1 });
  await until(() => serving.overlays.all()[0]?.maxConcurrency === 1);
  await expect(narrow()).rejects.toMatchObject({ code: "OVERLOADED", message: expect.stringContaining("the most") });
  gate.resolve();
  await Promise.all(three);
  await narrow();
});

test("commands are run under it: tries, delays, timeout and breaker", async () => {
  const method = `${JobService.typeName}/Do`;
  workshop.behave("overlaid", () => {
    throw new MeshError({ code: "CONNECTION_LOST", message: "as told" });
  });
  await overlay({ method, retry: { delays: [durationFromMs(30)], jitter: 0 } });
  await serving.dispatch(JobService.method.do, { name: "overlaid" });
  await serving.settled();
  await serving.advance(30);
  expect(workshop.runsOf("overlaid").map(({ header }) => header.attempt)).toEqual([1, 2]);
  expect((await serving.deadLetters()).map(({ hearer }) => hearer)).toEqual([method]);

  let reason: unknown;
  workshop.behave("endless", (ctx) => {
    ctx.signal.addEventListener("abort", () => (reason ??= ctx.signal.reason));
    return new Promise(() => {});
  });
  const breaker = { minimumCalls: 1, failureRate: 0.1, openFor: durationFromMs(30_000) };
  await overlay({ method, timeout: durationFromMs(50), retry: {}, breaker });
  await until(() => serving.overlays.all()[0]?.breaker !== undefined);
  await serving.dispatch(JobService.method.do, { name: "endless" });
  await until(() => workshop.runsOf("endless").length === 1);
  await clock.advance(50);
  await until(() => reason !== undefined);
  expect(reason).toMatchObject({ code: "DEADLINE_EXCEEDED", message: expect.stringContaining("50 ms") });
  await until(() => serving.heldBack.length > 0);
  await serving.dispatch(JobService.method.do, { name: "waits" });
  await overlays.removeOverlay({ method, author: "ada" });
  // The breaker went with it, and what waited for it goes on.
  await until(() => workshop.runsOf("waits").length === 1);
});

test("commands have more places under it, and fewer, than their contract gives", async () => {
  const method = `${JobService.typeName}/Do`;
  const gate = Promise.withResolvers<void>();
  workshop.behave("crowd", () => gate.promise);
  for (let i = 0; i < 8; i++) await serving.dispatch(JobService.method.do, { name: "crowd" });
  await until(() => workshop.runsOf("crowd").length === 4);
  await overlay({ method, maxConcurrency: 6 });
  await until(() => workshop.runsOf("crowd").length === 6);
  await overlay({ method, maxConcurrency: 1 });
  await until(() => serving.overlays.all()[0]?.maxConcurrency === 1);
  gate.resolve();
  await serving.settled();
  expect(workshop.runsOf("crowd")).toHaveLength(8);
});

test("it ends at its time in every host, and each change is told once, with who and why", async () => {
  const method = nameOf("fragile");
  const told = () =>
    desk.events
      .of(PolicyOverlayChangedSchema)
      .filter((event) => event.method === method)
      .map(({ change, overlay: { author = "", reason = "" } = {}, removedBy }) => [change, author, reason, removedBy]);
  await overlay({ method, timeout: durationFromMs(100), reason: "the disk is slow" });
  await overlays.removeOverlay({ method, author: "grace" });
  await until(() => meshes().every((mesh) => mesh.overlays.all().length === 0));
  await overlay({ method, timeout: durationFromMs(100), expiresAt: timestampFromMs(clock.now() + 10_000) });
  expect((await overlays.listOverlays({})).overlays).toMatchObject([{ method, author: "ada", reason: "a test" }]);
  await clock.advance(9_999);
  expect(meshes().map((mesh) => mesh.overlays.all().length)).toEqual([1, 1, 1]);
  await clock.advance(1);
  expect(meshes().map((mesh) => mesh.overlays.all().length)).toEqual([0, 0, 0]);
  await until(() => told().length === 4);
  expect(told()).toEqual([
    [OverlayChange.SET, "ada", "the disk is slow", ""],
    [OverlayChange.REMOVED, "ada", "the disk is slow", "grace"],
    [OverlayChange.SET, "ada", "a test", ""],
    [OverlayChange.EXPIRED, "ada", "a test", ""],
  ]);
});

const nonsense: Readonly<Record<string, readonly [OverlayInit, code: string, text: string]>> = {
  "nothing at all": [{}, "INVALID_MESSAGE", "sets nothing"],
  "a negative timeout": [{ timeout: durationFromMs(-1) }, "INVALID_MESSAGE", "timeout"],
  "no time at all": [{ timeout: durationFromMs(0) }, "INVALID_MESSAGE", "timeout"],
  "an endless timeout": [{ timeout: durationFromMs(600_001) }, "INVALID_MESSAGE", "longer than 600000 ms"],
  "a negative delay": [{ retry: { delays: [durationFromMs(-5)] } }, "INVALID_MESSAGE", "retry.delays[0]"],
  "a delay of a day": [{ retry: { delays: [durationFromMs(86_400_000)] } }, "INVALID_MESSAGE", "retry.delays[0]"],
  "too many delays": [{ retry: { delays: Array(21).fill(durationFromMs(1)) } }, "INVALID_MESSAGE", "more than 20"],
  "jitter of two": [{ retry: { jitter: 2 } }, "INVALID_MESSAGE", "retry.jitter"],
  "a breaker that never opens": [{ breaker: { failureRate: 2 } }, "INVALID_MESSAGE", "failure_rate 2"],
  "a breaker that never closes": [{ breaker: { halfOpenProbes: 0 } }, "INVALID_MESSAGE", "half_open_probes"],
  "a breaker open for a week": [{ breaker: { openFor: durationFromMs(168 * hourMs) } }, "INVALID_MESSAGE", "open_for"],
  "no handler at all": [{ maxConcurrency: 0 }, "INVALID_MESSAGE", "max_concurrency"],
  "no author": [{ maxConcurrency: 1, author: " " }, "INVALID_MESSAGE", "author"],
  "no reason": [{ maxConcurrency: 1, reason: "" }, "INVALID_MESSAGE", "reason"],
  "an expiry that is over": [{ maxConcurrency: 1, expiresAt: timestampFromMs(1) }, "INVALID_MESSAGE", "s ago"],
  "an expiry in a month": [
    { maxConcurrency: 1, expiresAt: timestampFromMs(Date.UTC(2100, 0)) },
    "INVALID_MESSAGE",
    "seven days",
  ],
  "a method that nobody has": [
    { method: "parley.test.v1.EchoService/Ecko", maxConcurrency: 1 },
    "UNKNOWN_TYPE",
    "Echo",
  ],
  "a method of the mesh": [
    { method: "parley.mesh.v1.PolicyOverlayService/RemoveOverlay", maxConcurrency: 1 },
    "REFUSED",
    "taken away",
  ],
};

test.each(Object.entries(nonsense))("%s is refused, and nothing changes", async (_, [settings, code, text]) => {
  const asked = init({ method: nameOf("echo"), ...settings });
  await expect(overlays.setOverlay({ overlay: asked })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(text),
  });
  expect(desk.overlays.all()).toEqual([]);
});

test("without an expiry, or where there is none to take away, it is refused", async () => {
  const { expiresAt: _, ...endless } = init({ method: nameOf("echo"), maxConcurrency: 1 });
  await expect(overlays.setOverlay({ overlay: endless })).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
  const gone = overlays.removeOverlay({ method: nameOf("echo"), author: "ada" });
  await expect(gone).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("what somebody else writes into the broker holds only when an operator could have set it", async () => {
  const bucket = await openBucket(desk.broker, { namespace: desk.namespace, purpose: "overlays" });
  await bucket.put("garbage", new Uint8Array([0xff, 0xff]));
  await overlay({ method: nameOf("echo"), maxConcurrency: 7 });
  expect(desk.overlays.all().map(({ method }) => method)).toEqual([nameOf("echo")]);
});
