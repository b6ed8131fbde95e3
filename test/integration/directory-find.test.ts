// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  AgentChange,
  AgentLostSchema,
  type AgentProfile,
  AgentRole,
  DirectoryService,
  Escalation,
  FailureReason,
  HealthStatus,
  InstanceStatus,
  type WatchAgentsResponse,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { type Client, defineAgent, serve } from "@parley/mesh";
import { operatorAgent } from "@parley/mesh/operator";
import { ManualClock, type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { echoAgent, echoState } from "../agents/echo-agent.ts";
import { EchoService, RelayService } from "../gen/parley/test/v1/echo_pb.js";
import { startHost } from "../programs/start-host.ts";
import { until } from "../tools/until.ts";

const clock = new ManualClock();
const heartbeat = { everyMs: 150, ttlMs: 2_500 };
const found: string[][] = [];
const composer = defineAgent({
  name: "test.relay",
  role: "CREATIVE",
  description: "Composes.",
  model: "gpt-4o",
  capabilities: ["sms", "email"],
  skills: [{ id: "compose-message", name: "Compose" }],
  tools: [{ name: "send_sms", description: "Sends." }],
  serves: [
    serve(RelayService, {
      relay(_, ctx) {
        const { directory } = ctx;
        found.push(directory.find({ capability: "sms", role: "CREATIVE" }).map(({ name }) => name));
        found.push(directory.find({ service: EchoService, skill: "compose-message" }).map(({ name }) => name));
        return {};
      },
    }),
  ],
});

const state = echoState();
let mesh: TestMesh;
let desk: TestMesh;
let directory: Client<typeof DirectoryService>;

beforeAll(async () => {
  mesh = await testMesh({ agents: [composer, echoAgent(state)], clock, heartbeat });
  const operator = operatorAgent();
  desk = await testMesh({ agents: [operator.agent], namespace: mesh.namespace, clock, heartbeat });
  operator.attach(desk);
  directory = desk.client(DirectoryService);
  const served = [EchoService, RelayService, DirectoryService];
  await until(() => served.every(({ typeName }) => desk.directory.instancesOf(typeName).length === 1));
});

afterAll(async () => {
  await desk.drain();
  await mesh.drain();
});

test("agents are found by role, capability, skill, tool and service, in a handler and by the service [R48]", async () => {
  const names = async (filter: Parameters<typeof directory.listAgents>[0]["filter"] & object) =>
    (await directory.listAgents({ filter })).agents.map(({ name }) => name);
  expect(await names({ role: AgentRole.CREATIVE })).toEqual(["test.relay"]);
  expect(await names({ role: AgentRole.DETERMINISTIC })).toEqual(["test.echo"]);
  expect(await names({ capability: "email" })).toEqual(["test.relay"]);
  expect(await names({ capability: "email", skill: "compose-message", tool: "send_sms" })).toEqual(["test.relay"]);
  expect(await names({ capability: "email", tool: "launch" })).toEqual([]);
  expect(await names({ service: EchoService.typeName, status: InstanceStatus.READY })).toEqual(["test.echo"]);
  expect(await names({ status: InstanceStatus.DRAINING })).toEqual([]);
  expect(await names({})).toEqual(["mesh.operator", "test.echo", "test.relay"]);
  expect(mesh.directory.find({ name: "test.relay" })).toMatchObject([
    { model: "gpt-4o", skills: [{ id: "compose-message", name: "Compose" }], tools: [{ name: "send_sms" }] },
  ]);
  await mesh.client(RelayService).relay({ text: "look" });
  expect(found).toEqual([["test.relay"], []]);
});

test("an instance tells with each sign of life what it does and how it has done, and that alone is no change [R09, R28]", async () => {
  const [profile] = desk.directory.find({ name: "test.echo" });
  const id = profile?.id ?? "";
  let changes = 0;
  const doubted = new Set<string>();
  const end = desk.directory.onChange(({ kind, instance: { profile: changed } }) => {
    const { id: of = "", name = "" } = changed ?? {};
    // That one is overdue, as on a busy machine, and that it came after all, are changes of their own.
    if (kind === "lost" || desk.directory.isDoubtful({ id: of, name })) doubted.add(of);
    else if (!doubted.delete(of)) changes++;
  });
  const gate = Promise.withResolvers<void>();
  state.gate = gate.promise;
  for (let i = 0; i < 3; i++) await mesh.client(EchoService).echo({ text: "hi" });
  // One that failed, and one that refused what it was asked, which is no fault of its own.
  for (const code of ["INTERNAL", "REFUSED"]) {
    await mesh
      .client(EchoService)
      .failOnce({ code })
      .catch(() => {});
  }
  const slow = mesh.client(EchoService).narrow({}, { timeoutMs: 60_000 });
  const stateNow = async () => (await directory.getAgent({ id })).instance;
  let now = await stateNow();
  await until(async () => {
    now = await stateNow();
    return now?.state?.inProgress === 1 && now.health?.status === HealthStatus.HEALTHY;
  });
  const { health, state: told } = now ?? {};
  expect(told).toMatchObject({
    currentWork: [{ operation: `${EchoService.typeName}/Narrow` }],
    performance: { completed: 5n, failed: 1n, refused: 1n, errorRate: 0.2 },
  });
  expect(told?.performance?.averageResponseTime).toBeDefined();
  expect(Number(told?.resources?.memoryBytes)).toBeGreaterThan(1e7);
  expect(health).toMatchObject({ status: HealthStatus.HEALTHY, escalation: Escalation.NONE, retryAttempts: 0 });
  gate.resolve();
  await slow;
  await until(async () => (await stateNow())?.state?.performance?.completed === 5n);
  end();
  expect(changes).toBe(0);
  await expect(directory.getAgent({ id: "nobody" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a watch tells who is there, who comes, changes and leaves, and only of who is meant", async () => {
  const told: (readonly [AgentChange, InstanceStatus | undefined])[] = [];
  const over = new AbortController();
  const statuses = new Map<string, InstanceStatus | undefined>();
  const watching = (async () => {
    const filter = { service: EchoService.typeName };
    for await (const { change, instance } of directory.watchAgents({ filter }, { signal: over.signal })) {
      const { id = "", status } = instance?.profile ?? {};
      // On a busy machine a sign of life may be overdue, which changes its health.
      if (change === AgentChange.CHANGED && statuses.get(id) === status) continue;
      statuses.set(id, status);
      told.push([change, status]);
    }
  })().catch(() => {});
  await until(() => told.length === 1);
  const { STARTING, READY, DRAINING } = InstanceStatus;
  await (await testMesh({ agents: [echoAgent()], namespace: mesh.namespace, clock, heartbeat })).drain();
  await until(() => told.at(-1)?.[0] === AgentChange.LEFT);
  over.abort();
  await watching;
  expect(told).toEqual([
    [AgentChange.PRESENT, READY],
    [AgentChange.JOINED, STARTING],
    [AgentChange.CHANGED, READY],
    [AgentChange.CHANGED, DRAINING],
    [AgentChange.LEFT, DRAINING],
  ]);
});

test("an instance frozen for three times its TTL is lost for all, told once, and comes back anew to serve [R10, R35]", async () => {
  const { namespace } = mesh;
  await using own = await testMesh({ agents: [defineAgent({ name: "test.caller" })], namespace, clock, heartbeat });
  await using frozen = await startHost({ broker: inject("natsUrl"), namespace, heartbeat });
  const there = () => own.directory.find({ name: "test.echo" }).some(({ endpoint }) => endpoint === frozen.url);
  await until(there);
  const before = own.directory.find({ name: "test.echo" }).find(({ endpoint }) => endpoint === frozen.url);
  const heard: WatchAgentsResponse[] = [];
  const watched = new AbortController();
  const watching = (async () => {
    const changes = directory.watchAgents({ filter: { name: "test.echo" } }, { signal: watched.signal });
    for await (const change of changes) if (change.instance?.profile?.id === before?.id) heard.push(change);
  })().catch(() => {});
  await frozen.signal("SIGSTOP");
  const stopped = performance.now();
  await until(() => !there());
  // Calls go elsewhere; not idempotent, so that no retry hides one that fails.
  for (let i = 0; i < 6; i++) await own.client(EchoService).failOnce({});
  await until(() => performance.now() - stopped > 3 * heartbeat.ttlMs);
  expect(there()).toBe(false);
  await frozen.signal("SIGCONT");
  await until(there);
  const since = (profile: AgentProfile | undefined) => String(profile?.registeredAt?.seconds);
  const now = () => own.directory.find({ name: "test.echo" }).find(({ id }) => id === before?.id);
  // A sign of life that was on its way when it froze may come before the one that says so.
  await until(() => there() && since(now()) !== since(before));
  const ran = () => frozen.told.some(({ kind }) => kind === "called");
  expect(ran()).toBe(false);
  const asked = await fetch(`${frozen.url}/${EchoService.typeName}/Echo`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"text":"back"}',
  });
  expect(await asked.json()).toMatchObject({ text: "back" });
  // Three hosts noticed it, and the frozen one itself found everybody silent.
  await mesh.heard(AgentLostSchema, { id: before?.id ?? "" });
  await mesh.settled();
  const losses = mesh.events.of(AgentLostSchema).filter(({ id }) => id === before?.id);
  expect(losses).toMatchObject([
    {
      id: before?.id,
      health: {
        status: HealthStatus.LOST,
        failureReason: FailureReason.HEARTBEAT_MISSED,
        // Another one serves meanwhile.
        escalation: Escalation.NONE,
      },
    },
  ]);
  watched.abort();
  await watching;
  const kinds = heard.map(({ change }) => change);
  expect(kinds[0]).toBe(AgentChange.PRESENT);
  expect(kinds.filter((kind) => kind === AgentChange.LOST)).toHaveLength(1);
  expect(kinds.lastIndexOf(AgentChange.JOINED)).toBeGreaterThan(kinds.indexOf(AgentChange.LOST));
});
