// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { defineAgent, host } from "@parley/mesh";
import { openBucket } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { echoAgent, echoState } from "../agents/echo-agent.ts";
import { EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { startHost } from "../programs/start-host.ts";
import { until } from "../tools/until.ts";

let mesh: TestMesh;
const caller = defineAgent({ name: "test.caller" });
const instances = () => mesh.directory.instancesOf(EchoService.typeName).map(({ endpoint }) => endpoint);

beforeAll(async () => {
  mesh = await testMesh({ agents: [caller] });
});

afterAll(() => mesh.drain());

test("nobody to call is UNAVAILABLE at once, and says which agent is missing", async () => {
  const failure = mesh.client(EchoService).failOnce({}, { timeoutMs: 1 });
  await expect(failure).rejects.toMatchObject({
    code: "UNAVAILABLE",
    mayHaveRun: false,
    message: expect.stringContaining("test.echo"),
  });
});

test("calls go to instances in turn, to a new one as soon as it is ready, and no more to one that left [R43]", async () => {
  const { namespace, clock } = mesh;
  const states = [echoState(), echoState()];
  const seen = () => states.map((state) => state.seen.length);
  const callTimes = async (count: number) => {
    for (let i = 0; i < count; i++) await mesh.client(EchoService).echo({ text: String(i) });
  };
  const first = await testMesh({ agents: [echoAgent(states[0])], namespace, clock });
  await until(() => instances().length === 1);
  await callTimes(2);
  expect(seen()).toEqual([2, 0]);
  const second = await testMesh({ agents: [echoAgent(states[1])], namespace, clock });
  await until(() => instances().length === 2);
  await callTimes(6);
  expect(seen()).toEqual([5, 3]);
  await first.drain();
  await until(() => instances().length === 1);
  await callTimes(2);
  expect(seen()).toEqual([5, 5]);
  await second.drain();
  await until(() => instances().length === 0);
});

test("a call in progress goes on when its instance falls out of the directory, as after an outage of the broker", async () => {
  const { namespace, clock, broker } = mesh;
  const state = echoState();
  await using _serving = await testMesh({ agents: [echoAgent(state)], namespace, clock });
  await until(() => instances().length === 1);
  const answer = mesh.client(EchoService).echo({ text: "slow", wait: durationFromMs(300) });
  await until(() => state.seen.length === 1);
  const bucket = await openBucket(broker, { namespace, purpose: "directory", ttlMs: 10_000 });
  const key = [...(await bucket.entries()).keys()].find((each) => each.startsWith("test-echo."));
  await bucket.delete(key ?? "");
  await until(() => instances().length === 0);
  await expect(answer).resolves.toMatchObject({ text: "slow" });
  await until(() => instances().length === 1);
});

test("a call goes on to another instance when the one whose turn it is cannot be reached [R35]", async () => {
  const { namespace, clock } = mesh;
  await using _alive = await testMesh({ agents: [echoAgent()], namespace, clock });
  await using dead = await startHost({ broker: inject("natsUrl"), namespace });
  await until(() => instances().length === 2);
  await dead.signal("SIGKILL");
  // Still in the directory: it could not say good-bye. Not idempotent, so that no retry hides a failure.
  for (let i = 0; i < 6; i++) await mesh.client(EchoService).failOnce({});
  expect(instances()).toHaveLength(2);
});

test("a host that listens on all addresses is called by one that others reach, or by the one it advertises", async () => {
  await using own = await testMesh({ agents: [caller] });
  const endpoints = () => own.directory.instancesOf(EchoService.typeName).map(({ endpoint }) => endpoint);
  const open = { agents: [echoAgent()], broker: inject("natsUrl"), namespace: own.namespace, address: "0.0.0.0" };
  await using wide = await host(open);
  await until(() => endpoints().length === 1);
  expect(new URL(endpoints()[0] ?? "").port).toBe(new URL(wide.url).port);
  await expect(own.client(EchoService).echo({ text: "hi" })).resolves.toMatchObject({ text: "hi" });
  await wide.drain();
  await until(() => endpoints().length === 0);
  await using proxied = await host({ ...open, advertise: `${mesh.url}/` });
  await until(() => endpoints().length === 1);
  expect(endpoints()).toEqual([mesh.url]);
  await proxied.drain();
  await expect(host({ ...open, advertise: "somewhere" })).rejects.toMatchObject({ code: "REFUSED" });
});
