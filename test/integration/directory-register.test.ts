// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  AgentJoinedSchema,
  AgentLeftSchema,
  AgentStatusChangedSchema,
  DirectoryService,
  Escalation,
  FailureReason,
  InstanceStatus,
  type RegisterRequestSchema,
  type RegisterResponse,
  WireProtocol,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { defineAgent } from "@parley/mesh";
import { Contracts } from "@parley/mesh/contracts";
import { operatorAgent } from "@parley/mesh/operator";
import { ManualClock, type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { echoAgent } from "../agents/echo-agent.ts";
import { EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { dynamicGrpcClient } from "../grpc/dynamic-client.ts";
import { echoPeer } from "../grpc/echo-peer.ts";
import { until } from "../tools/until.ts";

const clock = new ManualClock();
const heartbeat = { everyMs: 100, ttlMs: 1_500 };
const echo = EchoService.typeName;
let caller: TestMesh;
let desk: TestMesh;

beforeAll(async () => {
  caller = await testMesh({ agents: [defineAgent({ name: "test.caller" })], clock, heartbeat });
  desk = await openDesk();
});

afterAll(async () => {
  await desk.drain();
  await caller.drain();
});

async function openDesk(): Promise<TestMesh> {
  const operator = operatorAgent();
  const opened = await testMesh({ agents: [operator.agent], namespace: caller.namespace, clock, heartbeat });
  operator.attach(opened);
  await until(() => caller.directory.instancesOf(DirectoryService.typeName).length > 0);
  return opened;
}

const serving = () => caller.directory.instancesOf(echo);
const contracts = Contracts.of({ services: [EchoService] }).fileDescriptorSet;

/** A lease that is read in the background, through the mesh. */
function lease(at: TestMesh, request: MessageInitShape<typeof RegisterRequestSchema>) {
  const over = new AbortController();
  const answers: RegisterResponse[] = [];
  const ended = (async () => {
    const init = { name: "test.echo", services: [echo], fileDescriptorSet: contracts, ...request };
    // In its own name: no agent registers another.
    const stream = at.client(DirectoryService, { source: "test.echo" }).register(init, { signal: over.signal });
    for await (const answer of stream) answers.push(answer);
  })().catch((error: unknown) => error);
  return { answers, ended, end: () => over.abort() };
}

test("a server in any language registers by plain gRPC, is called by agents, and leaves with its stream [R35]", async () => {
  await using peer = await echoPeer();
  const directory = await dynamicGrpcClient(desk.url, DirectoryService.typeName);
  const request = {
    name: "test.echo",
    endpoint: peer.url,
    services: [echo],
    file_descriptor_set: Buffer.from(contracts),
    capabilities: ["parrot"],
    skills: [{ id: "repeat" }],
    model: "none",
    version: "1.2.3",
  };
  const stream = directory.stream("Register", request, { deadlineMs: 60_000 });
  const leased = (async () => {
    let told = 0;
    for await (const { id, status, heartbeat_ms: everyMs, ttl_ms: ttlMs } of stream) {
      expect({ id, status, everyMs, ttlMs }).toEqual({
        id: expect.stringMatching(/\w{8}/),
        status: "INSTANCE_STATUS_READY",
        everyMs: 100,
        ttlMs: 1_500,
      });
      // Renewed for longer than the TTL.
      if (++told === 20) break;
    }
  })();
  await until(() => serving().length === 1);
  const [profile] = caller.directory.find({ capability: "parrot", skill: "repeat", role: "DETERMINISTIC" });
  expect(profile).toMatchObject({ name: "test.echo", endpoint: peer.url, version: "1.2.3", services: [echo] });
  await expect(caller.client(EchoService).echo({ text: "hello" })).resolves.toMatchObject({
    text: "hello, says the peer",
  });
  expect(peer.heard[0]?.get("ce-source")).toEqual(["test.caller"]);
  await expect(caller.client(EchoService).fail({}, { timeoutMs: 10_000 })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await leased;
  await until(() => serving().length === 0);
  directory.close();
  const of = (id = "") => ({ id: profile?.id ?? id });
  await until(() => caller.events.of(AgentLeftSchema).some(({ id }) => id === profile?.id));
  expect(caller.events.of(AgentJoinedSchema)).toContainEqual(expect.objectContaining(of()));
  // Their contracts stay known to whoever asks.
  expect((await caller.contractStore.of(profile?.contractDigest ?? ""))?.methodNamed(`${echo}/Echo`)).toBeDefined();
});

test("a peer that stops serving gets no calls until it serves again, and it is told who has to act", async () => {
  await using peer = await echoPeer("health");
  const held = lease(desk, { endpoint: peer.url });
  await until(() => serving().length === 1 && held.answers.length > 0);
  const id = held.answers[0]?.id;
  peer.say("NOT_SERVING");
  await until(() => serving().length === 0);
  const stateNow = async () => (await desk.client(DirectoryService).getAgent({ id: id ?? "" })).instance;
  await until(async () => (await stateNow())?.profile?.status === InstanceStatus.UNHEALTHY);
  const failing = await stateNow();
  expect(failing).toMatchObject({
    profile: { status: InstanceStatus.UNHEALTHY },
    health: { failureReason: FailureReason.NOT_SERVING, escalation: Escalation.REQUIRED },
  });
  await expect(caller.client(EchoService).failOnce({}, { timeoutMs: 1 })).rejects.toMatchObject({
    code: "UNAVAILABLE",
  });
  peer.say("SERVING");
  await until(() => serving().length === 1);
  // A crash: no answer at all, three times.
  peer.stop();
  await until(() => serving().length === 0);
  await until(async () => (await stateNow())?.profile?.status === InstanceStatus.UNHEALTHY);
  const silent = await stateNow();
  expect(silent?.health).toMatchObject({ failureReason: FailureReason.CONNECTION_REFUSED });
  expect(silent?.health?.retryAttempts).toBeGreaterThanOrEqual(3);
  await using _again = await echoPeer("health", Number(new URL(peer.url).port));
  await until(() => serving().length === 1);
  held.end();
  await held.ended;
  await until(() => caller.directory.all().every((profile) => profile.id !== id));
  const changes = caller.events.of(AgentStatusChangedSchema).filter((event) => event.id === id);
  const { READY, UNHEALTHY } = InstanceStatus;
  expect(changes.map(({ from, to }) => [from, to])).toEqual([
    [READY, UNHEALTHY],
    [UNHEALTHY, READY],
    [READY, UNHEALTHY],
    [UNHEALTHY, READY],
  ]);
});

test("a registrar that shuts down leaves the entry to its TTL, and the next one goes on with the same id", async () => {
  await using peer = await echoPeer("reflection");
  const other = await openDesk();
  const first = lease(other, { endpoint: peer.url, id: "peer-1" });
  await until(() => serving().length === 1);
  const drained = other.drain();
  expect(await first.ended).toMatchObject({ code: "DRAINING" });
  await drained;
  expect(serving().map(({ id }) => id)).toEqual(["peer-1"]);
  const second = lease(desk, { endpoint: peer.url, id: "peer-1" });
  await until(() => second.answers.length > 0);
  await wait(2 * heartbeat.ttlMs);
  expect(serving().map(({ id }) => id)).toEqual(["peer-1"]);
  // Whoever registers the same again takes it over.
  const third = lease(desk, { endpoint: peer.url, id: "peer-1" });
  expect(await second.ended).toMatchObject({ code: "CONFLICT" });
  await until(() => third.answers.length > 1);
  expect(serving()).toHaveLength(1);
  third.end();
  await until(() => serving().length === 0);
});

type RegisterInit = MessageInitShape<typeof RegisterRequestSchema>;

test("a registration that lies about its service or endpoint, or is nonsense, is refused, and nobody is called because of it", async () => {
  await using peer = await echoPeer("health");
  await using unproven = await echoPeer("none");
  await using deaf = await echoPeer("health");
  deaf.stop();
  const refusals: readonly (readonly [RegisterInit, code: string, text: string])[] = [
    [{ name: "test.impostor" }, "REFUSED", 'belongs to agent "test.echo"'],
    [{ name: "mesh.operator" }, "REFUSED", "a part of the mesh itself"],
    [{ services: [echo, "parley.mesh.v1.DirectoryService"] }, "REFUSED", 'belongs to agent "mesh.operator"'],
    [{ endpoint: deaf.url }, "UNAVAILABLE", "nobody answers"],
    [{ endpoint: unproven.url }, "REFUSED", "does not show that it serves"],
    // A host of the mesh that serves something else.
    [{ endpoint: desk.url }, "REFUSED", "does not show that it serves"],
    [{ endpoint: "somewhere" }, "REFUSED", "somewhere"],
    [{ endpoint: `${peer.url}/path` }, "REFUSED", "/path"],
    [{ endpoint: "" }, "INVALID_MESSAGE", "endpoint"],
    [{ services: [] }, "INVALID_MESSAGE", "services"],
    [{ services: [echo, echo] }, "INVALID_MESSAGE", "services"],
    [{ services: ["no.such.Service"] }, "UNKNOWN_TYPE", "file_descriptor_set"],
    [{ name: "Test Echo" }, "INVALID_MESSAGE", "name"],
    [{ weight: 5_000 }, "INVALID_MESSAGE", "weight"],
    [{ id: "not an id" }, "INVALID_MESSAGE", "id"],
    [{ id: desk.directory.all()[0]?.id ?? "" }, "CONFLICT", "leave the id out"],
    [{ fileDescriptorSet: new Uint8Array([1, 2, 3]) }, "UNDECODABLE", ""],
  ];
  for (const [request, code, text] of refusals) {
    const held = lease(desk, { endpoint: peer.url, ...request });
    expect(await held.ended, JSON.stringify([request.name, request.endpoint, request.id])).toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
    expect(held.answers).toEqual([]);
  }
  const stream = caller.client(DirectoryService).register({ name: "test.echo", services: [echo], endpoint: peer.url });
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  expect(serving()).toEqual([]);
});

test("who gets into the directory by another way is not called for a service that its contract gives to somebody else", async () => {
  const { namespace } = caller;
  await using _real = await testMesh({ agents: [echoAgent()], namespace, clock, heartbeat });
  await until(() => serving().length === 1);
  const [real] = serving();
  if (real === undefined) throw new Error("gone");
  await using liar = await echoPeer();
  const { GRPC: protocol } = WireProtocol;
  const registration = await desk.register({ ...real, id: "liar", name: "test.liar", endpoint: liar.url, protocol });
  await registration.ready();
  await until(() => serving().length === 2);
  for (let i = 0; i < 4; i++) await caller.client(EchoService).echo({ text: "who" });
  expect(liar.heard).toEqual([]);
  await registration.leave();
});
