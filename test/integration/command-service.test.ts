// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Command, CommandService, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { DeadLetterService } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { type Client, defineAgent, MeshError } from "@parley/mesh";
import { operatorAgent } from "@parley/mesh/operator";
import { ManualClock, type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Workshop } from "../agents/job-agent.ts";
import { JobService } from "../gen/parley/test/v1/job_pb.js";
import { until } from "../tools/until.ts";

const clock = new ManualClock();
const workshop = new Workshop();
const method = "parley.test.v1.JobService/Do";
let mesh: TestMesh;
let desk: TestMesh;
let service: Client<typeof CommandService>;

beforeAll(async () => {
  mesh = await testMesh({ agents: [workshop.agent()], clock });
  const { agent, attach } = operatorAgent();
  desk = await testMesh({ agents: [agent], namespace: mesh.namespace, clock });
  attach(desk);
  await until(() => desk.directory.instancesOf(JobService.typeName).length > 0);
  service = desk.client(CommandService);
});
afterAll(async () => {
  await desk.drain();
  await mesh.drain();
});

async function dispatch(json: object, more: object = {}): Promise<Command> {
  const { command } = await service.dispatch({ method, json: JSON.stringify(json), ...more });
  if (command === undefined) throw new Error("no command");
  return command;
}

/** All that a list gives, page by page. */
async function listed(request: object, pageSize = 3): Promise<readonly Command[]> {
  const all: Command[] = [];
  for (let pageToken = ""; ; ) {
    const { commands, nextPageToken } = await service.listCommands({ ...request, pageSize, pageToken });
    all.push(...commands);
    pageToken = nextPageToken;
    if (pageToken === "") return all;
  }
}

test("a method is dispatched by its name, followed to its end and shown with its reply", async () => {
  const letGo = Promise.withResolvers<string>();
  workshop.behave("by hand", () => letGo.promise);
  const { id, source } = await dispatch({ name: "by hand", kept: true }, { conversationId: "c-1" });
  expect(source).toBe("mesh.operator");
  const seen: CommandState[] = [];
  const watching = (async () => {
    for await (const { command } of service.watchCommand({ id })) seen.push(command?.state ?? CommandState.UNSPECIFIED);
  })();
  await until(() => seen.includes(CommandState.RUNNING));
  letGo.resolve("well done");
  await watching;
  expect(seen.at(-1)).toBe(CommandState.DONE);
  const { command } = await service.getCommand({ id });
  expect(command).toMatchObject({ state: CommandState.DONE, method, agent: "test.job", conversationId: "c-1" });
  expect(JSON.parse(command?.replyJson ?? "")).toEqual({ count: 1, note: "well done" });
});

test.each([
  ["a method that nobody knows", { method: "parley.test.v1.JobService/Du", json: "{}" }, "UNKNOWN_TYPE"],
  ["a method without command policy", { method: "parley.mesh.v1.CommandService/GetCommand" }, "CONTRACT_INCOMPLETE"],
  ["JSON that is none", { method, json: "{" }, "UNDECODABLE"],
  ["a field that the request has not", { method, json: '{"nam":"x"}' }, "UNDECODABLE"],
  ["a request that breaks a rule", { method, json: "{}" }, "INVALID_MESSAGE"],
  [
    "a method that the operator may not have run",
    { method: "parley.test.v1.JobService/DoSecretly" },
    "PERMISSION_DENIED",
  ],
])("%s is refused", async (_, request, code) => {
  await expect(service.dispatch(request)).rejects.toMatchObject({ code });
});

test("a command is taken back by its id, and one that has ended is not", async () => {
  const at = timestampFromMs(clock.now() + 60_000);
  const { id, state } = await dispatch({ name: "never" }, { at });
  expect(state).toBe(CommandState.SCHEDULED);
  const { command } = await service.cancelCommand({ id });
  expect(command).toMatchObject({ state: CommandState.CANCELLED, cancelledBy: "mesh.operator" });
  await mesh.advance(120_000);
  expect(workshop.runsOf("never")).toEqual([]);
  const done = await dispatch({ name: "done" });
  await mesh.command(done.id, JobService.method.do).result();
  await expect(service.cancelCommand({ id: done.id })).rejects.toMatchObject({ code: "COMMAND_ENDED" });
  await expect(service.cancelCommand({ id: "nobody" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("commands are listed by batch, state, method, agent and time, newest first, a page at a time", async () => {
  workshop.behave("listed bad", () => {
    throw new TypeError("a defect");
  });
  const before = clock.now();
  await mesh.advance(1_000);
  const batchId = "b-1";
  const ids: string[] = [];
  for (const name of ["listed 1", "listed 2", "listed bad", "listed 3"]) {
    const { id } = await dispatch({ name }, { batchId });
    ids.push(id);
    await mesh.settled();
  }
  const later = await dispatch({ name: "later" }, { batchId, at: timestampFromMs(clock.now() + 3_600_000) });
  await mesh.settled();
  const found = await listed({ batchId });
  expect(found.map(({ id }) => id)).toEqual([later.id, ...ids.toReversed()]);
  expect(found.map(({ state }) => CommandState[state])).toEqual(["SCHEDULED", "DONE", "RETRYING", "DONE", "DONE"]);

  const states = async (request: object) => (await listed(request)).map(({ id }) => id);
  expect(await states({ batchId, state: CommandState.RETRYING })).toEqual([ids[2]]);
  expect(await states({ batchId, state: CommandState.SCHEDULED })).toEqual([later.id]);
  expect(await states({ batchId, method })).toHaveLength(5);
  expect(await states({ batchId, agent: "test.job" })).toHaveLength(5);
  expect(await states({ batchId, agent: "test.other" })).toEqual([]);
  expect(await states({ since: timestampFromMs(before + 1) })).toHaveLength(5);
  expect(await states({ batchId, until: timestampFromMs(before + 1) })).toEqual([]);
  expect(found.every(({ updatedAt }) => updatedAt !== undefined && timestampMs(updatedAt) > before)).toBe(true);
  await expect(service.listCommands({ pageToken: "x" })).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
});

test("a dead command that is redriven is run again, under its id, and tells so", async () => {
  let broken = true;
  workshop.behave("repaired", () => {
    if (broken) throw new MeshError({ code: "REFUSED", message: "not like this" });
  });
  const { id } = await dispatch({ name: "repaired", kept: true }, { batchId: "b-2" });
  await mesh.settled();
  const { command: dead } = await service.getCommand({ id });
  expect(dead).toMatchObject({ state: CommandState.FAILED, error: { code: "REFUSED" } });
  broken = false;
  await desk.client(DeadLetterService).redriveDeadLetter({ id: dead?.deadLetterId ?? "" });
  await until(async () => (await service.getCommand({ id })).command?.state === CommandState.DONE);
  const { command } = await service.getCommand({ id });
  expect(command).toMatchObject({ state: CommandState.DONE, batchId: "b-2", deadLetterId: "" });
  expect(command?.error).toBeUndefined();
  expect(workshop.runsOf("repaired")).toHaveLength(2);
});

test("those that nobody runs yet are listed too, also of a method that no instance ever ran", async () => {
  const { agent, attach } = operatorAgent();
  const client = defineAgent({ name: "test.client" });
  await using alone = await testMesh({ agents: [agent, client] });
  attach(alone);
  const commands = [];
  for (const name of ["one", "two", "three"]) commands.push(await alone.dispatch(JobService.method.do, { name }));
  const list = () => alone.client(CommandService).listCommands({ method, state: CommandState.ACCEPTED });
  await until(async () => (await list()).commands.length === 3);
  expect((await list()).commands.map(({ id }) => id)).toEqual(commands.map(({ id }) => id).toReversed());
  await using _serving = await testMesh({
    agents: [new Workshop().agent()],
    namespace: alone.namespace,
    clock: alone.clock,
  });
  await alone.settled();
  await until(async () => (await list()).commands.length === 0);
  const all = await alone.client(CommandService).listCommands({});
  expect(all.commands.map(({ state }) => CommandState[state])).toEqual(["DONE", "DONE", "DONE"]);
});
