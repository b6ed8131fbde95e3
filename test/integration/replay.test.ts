// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ReplayService } from "@parley/contracts/parley/mesh/v1/replay_pb.js";
import { type Client, defineAgent, on } from "@parley/mesh";
import { Subjects, streamNames } from "@parley/mesh/broker";
import { operatorAgent } from "@parley/mesh/operator";
import { ManualClock, type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accountAgent, accounts, auditAgent, counts } from "../agents/account-agent.ts";
import { Listener } from "../agents/listener.ts";
import { AccountService } from "../gen/parley/test/v1/account_pb.js";
import { EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";
import { until } from "../tools/until.ts";

const listener = new Listener();
const clock = new ManualClock();
const began = clock.now();
let mesh: TestMesh;
let operator: Client<typeof ReplayService>;

beforeAll(async () => {
  const { agent, attach } = operatorAgent();
  const ear = listener.agent("test.ear", { where: "ear" });
  const other = defineAgent({
    name: "test.other",
    hears: [on(EchoSaidSchema, { name: "overhear" }, listener.handler())],
  });
  mesh = await testMesh({ agents: [ear, other, accountAgent, auditAgent, agent], clock });
  attach(mesh);
  operator = mesh.client(ReplayService);
  for (const key of ["a", "b", "c", "a"]) {
    await mesh.publish(EchoSaidSchema, { key, text: key });
    await mesh.advance(60_000);
  }
});

afterAll(() => mesh.drain());

const runsAt = (agent: string) => listener.runs.filter((run) => run.agent === agent);
const to = { agent: "test.ear", hearer: "listen", perSecond: 10_000 } as const;

/** Replays, lets the contract's time pass that it takes, and gives keys and ids that were heard because of it. */
async function replay(request: Parameters<typeof operator.replayEvents>[0]) {
  const before = runsAt("test.ear").length;
  let isDone = false;
  const running = Array.fromAsync(operator.replayEvents({ ...to, ...request })).finally(() => {
    isDone = true;
  });
  running.catch(() => {});
  while (!isDone) await clock.advance(1);
  const end = (await running).at(-1);
  await mesh.settled();
  return { end, heard: runsAt("test.ear").slice(before) };
}

test("one hearer hears what was published once more, under the ids it had; no other hearer does [R57]", async () => {
  const others = runsAt("test.other").length;
  const first = runsAt("test.ear");
  const { end, heard } = await replay({});
  expect(end).toMatchObject({ progress: { seen: 4n, done: 4n, failed: 0n, finished: true } });
  expect(heard.map(({ key, header }) => [key, header.messageId])).toEqual(
    first.map(({ key, header }) => [key, header.messageId]),
  );
  expect(runsAt("test.other")).toHaveLength(others);
});

test("of a time, a key or a type it is only that, and in a dry run nothing", async () => {
  const [publishedFrom, publishedBefore] = [timestampFromMs(began + 60_000), timestampFromMs(began + 180_000)];
  expect((await replay({ publishedFrom, publishedBefore })).heard.map(({ key }) => key)).toEqual(["b", "c"]);
  expect((await replay({ key: "a" })).heard.map(({ key }) => key)).toEqual(["a", "a"]);
  expect((await replay({ key: "a", publishedFrom })).heard.map(({ key }) => key)).toEqual(["a"]);
  expect((await replay({ event: "ECHO_SAID", key: "c" })).heard).toHaveLength(1);
  const dry = await replay({ dryRun: true, key: "a" });
  expect([dry.heard, dry.end?.progress?.done]).toEqual([[], 2n]);
});

test("again, events have new ids that follow from the replay's name, and say whose place they take", async () => {
  const [original] = listener.runsOf("b");
  const request = { key: "b", again: true, replayId: "friday" };
  const { heard, end } = await replay(request);
  expect(end?.replayId).toBe("friday");
  expect(heard[0]?.header.messageId).not.toBe(original?.header.messageId);
  const subject = new Subjects(mesh.namespace).outgoingEventTo(to, "parley.test.v1", "b");
  const stream = streamNames(mesh.namespace).journal("parley.test.v1");
  const stored = await mesh.broker.manager.streams.getMessage(stream, { last_by_subj: subject });
  expect(stored?.header.get("ce-replayof")).toBe(original?.header.messageId);
  // Within two minutes the broker itself drops the same replay once more.
  expect((await replay(request)).heard).toEqual([]);
  const third = await replay({ ...request, replayId: "saturday" });
  expect(third.heard[0]?.header.messageId).not.toBe(heard[0]?.header.messageId);
});

test("a hearer by commit does not count again what it has counted, unless it is replayed again", async () => {
  await mesh.client(AccountService).deposit({ account: "eva", amount: 5n });
  await mesh.settled();
  const request = { agent: "test.audit", hearer: "count", key: "eva" };
  expect((await replay(request)).end?.progress?.done).toBe(1n);
  expect(await mesh.load(counts.at("eva"))).toBe(1);
  await replay({ ...request, again: true });
  expect(await mesh.load(counts.at("eva"))).toBe(2);
  expect((await mesh.load(accounts.at("eva"))).balance).toBe(5n);
});

test("it is as fast as was said, and ends when the operator leaves", async () => {
  const before = runsAt("test.ear").length;
  const leaving = new AbortController();
  const running = Array.fromAsync(operator.replayEvents({ ...to, perSecond: 1 }, { signal: leaving.signal }));
  running.catch(() => {});
  for (const count of [1, 2]) {
    await until(() => runsAt("test.ear").length === before + count);
    await clock.advance(999);
    await mesh.settled();
    expect(runsAt("test.ear")).toHaveLength(before + count);
    if (count === 1) await clock.advance(1);
  }
  leaving.abort();
  await expect(running).rejects.toMatchObject({ code: "CANCELED" });
  await mesh.advance(10_000);
  expect(runsAt("test.ear")).toHaveLength(before + 2);
});

test("a hearer that nobody has is refused, with the names of those that its agent has", async () => {
  await expect(replay({ hearer: "renamed" })).rejects.toThrow(/or name another; the agent has "listen"/);
  await expect(replay({ agent: "test.nobody" })).rejects.toThrow(/or name another$/);
});

test.each([
  ["a hearer that nobody has", { hearer: "renamed" }, "NOT_FOUND"],
  ["a method", { hearer: "parley.test.v1.AccountService/Deposit" }, "REFUSED"],
  ["an event that it does not hear", { event: "ACCOUNT_DEPOSITED" }, "REFUSED"],
  ["an event that nobody knows", { event: "NOPE" }, "UNKNOWN_TYPE"],
  [
    "times that cover nothing",
    { publishedFrom: timestampFromMs(2), publishedBefore: timestampFromMs(1) },
    "INVALID_MESSAGE",
  ],
  ["no hearer", { hearer: "" }, "INVALID_MESSAGE"],
])("%s is refused", async (_, request, code) => {
  await expect(replay(request)).rejects.toMatchObject({ code });
});
