// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomUUID } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type DeadLetter,
  DeadLetterDecisionSchema,
  DeadLetterSchema,
  DeadLetterService,
} from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { ErrorClass } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import { type Client, defineAgent, type ErrorCode, MeshError, on } from "@parley/mesh";
import { brokerAppender, ensureStreams, Subjects, streamNames } from "@parley/mesh/broker";
import { operatorAgent } from "@parley/mesh/operator";
import { ManualClock, type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountAgent, auditAgent, counts } from "../agents/account-agent.ts";
import { Workshop } from "../agents/job-agent.ts";
import { Listener } from "../agents/listener.ts";
import { AccountDepositedSchema, AccountService } from "../gen/parley/test/v1/account_pb.js";
import { EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";
import { JobService } from "../gen/parley/test/v1/job_pb.js";
import { LetterPostedSchema } from "../gen/parley/test/v1/letter_pb.js";
import { until } from "../tools/until.ts";

const listener = new Listener();
const workshop = new Workshop();
const posted: string[] = [];
let postman: (letter: { readonly to: string; readonly text: string }) => void = () => {};
const clock = new ManualClock();
let mesh: TestMesh;
let operator: Client<typeof DeadLetterService>;

beforeAll(async () => {
  const { agent, attach } = operatorAgent();
  const handle = listener.handler("other");
  const ear = listener.agent("test.ear", { where: "ear" });
  const other = defineAgent({ name: "test.other", hears: [on(EchoSaidSchema, { name: "overhear" }, handle)] });
  const post = defineAgent({
    name: "test.post",
    hears: [
      on(LetterPostedSchema, { name: "deliver" }, (letter, ctx) => {
        posted.push(`${ctx.header.messageId} ${letter.to} ${letter.text}`);
        postman(letter);
      }),
    ],
  });
  const agents = [ear, other, post, accountAgent, auditAgent, workshop.agent(), agent];
  mesh = await testMesh({ agents, clock });
  attach(mesh);
  operator = mesh.client(DeadLetterService);
});

afterAll(() => mesh.drain());

/** What the first hearer says of a key, while the second hears in peace. */
function failAt(key: string, code: ErrorCode = "REFUSED") {
  let isMended = false;
  listener.behave(key, (_, { agent }) => {
    if (agent === "test.ear" && !isMended) throw new MeshError({ code, message: `told to fail with ${code}` });
  });
  return () => {
    isMended = true;
  };
}

/** An event that died at `test.ear`. */
async function died(key: string, text = key) {
  const mend = failAt(key);
  const sent = await mesh.publish(EchoSaidSchema, { key, text }, { conversationId: "c-9" });
  await mesh.settled();
  const letter = await only({ key });
  return { mend, sent, id: letter.id };
}

async function only(filter: { readonly key?: string; readonly hearer?: string }) {
  const { deadLetters } = await operator.listDeadLetters({ filter });
  expect(deadLetters).toHaveLength(1);
  const [letter] = deadLetters;
  if (letter === undefined) throw new Error("no letter");
  return letter;
}

const runsAt = (agent: string, key: string) => listener.runsOf(key).filter((run) => run.agent === agent);

/** Puts a letter into DEAD as a hearer would. */
async function bury(letter: Partial<Omit<DeadLetter, "$typeName">> & { readonly id: string }) {
  const subjects = new Subjects(mesh.namespace);
  const filled = create(DeadLetterSchema, {
    agent: "test.ear",
    hearer: "listen",
    type: EchoSaidSchema.typeName,
    subject: `${mesh.namespace}.evt.medium.${EchoSaidSchema.typeName.replaceAll(".", "-")}.3.${letter.id}`,
    error: { code: "REFUSED", errorClass: ErrorClass.INVALID, message: "no" },
    diedAt: timestampFromMs(clock.now()),
    contractDigest: mesh.contracts.digest,
    ...letter,
  });
  const subject = subjects.deadLetter(filled.agent, filled.hearer, filled.id);
  const payload = toBinary(DeadLetterSchema, filled);
  await brokerAppender(mesh.broker).append({ subject, payload, headers: new Map(), id: randomUUID() });
}

function headersOf(id: string, type: string = EchoSaidSchema.typeName) {
  return { "ce-id": id, "ce-type": type, "ce-source": "test.else", "ce-subject": id, "ce-attempt": "4" };
}

async function decisionOn(id: string) {
  const of = new Subjects(mesh.namespace).letterDecision(id);
  const stored = await mesh.broker.manager.streams.getMessage(streamNames(mesh.namespace).audit, { last_by_subj: of });
  return stored === null ? undefined : fromBinary(DeadLetterDecisionSchema, stored.data);
}

async function last<T>(stream: AsyncIterable<T>): Promise<T | undefined> {
  return (await Array.fromAsync(stream)).at(-1);
}

describe("a list", () => {
  test("is newest first, by pages, and covers only what its filter does [R29]", async () => {
    const started = clock.now();
    for (const [index, code] of (["REFUSED", "NOT_FOUND", "REFUSED"] as const).entries()) {
      failAt(`list-${index}`, code);
      await mesh.publish(EchoSaidSchema, { key: `list-${index}`, text: "x" });
      await mesh.advance(1_000);
    }
    const keys = async (request: Parameters<typeof operator.listDeadLetters>[0]) =>
      (await operator.listDeadLetters(request)).deadLetters.map(({ key }) => key);
    expect(await keys({})).toEqual(["list-2", "list-1", "list-0"]);
    expect(await keys({ filter: { code: "REFUSED" } })).toEqual(["list-2", "list-0"]);
    expect(await keys({ filter: { errorClass: ErrorClass.NOT_FOUND } })).toEqual(["list-1"]);
    expect(await keys({ filter: { agent: "test.ear", hearer: "listen", type: "ECHO_SAID" } })).toHaveLength(3);
    expect(await keys({ filter: { type: EchoSaidSchema.typeName, key: "list-1" } })).toEqual(["list-1"]);
    expect(await keys({ filter: { agent: "nobody" } })).toEqual([]);
    expect(await keys({ filter: { hearer: "*" } })).toEqual([]);
    const [diedFrom, diedBefore] = [timestampFromMs(started + 1_000), timestampFromMs(started + 2_000)];
    expect(await keys({ filter: { diedFrom, diedBefore } })).toEqual(["list-1"]);

    const first = await operator.listDeadLetters({ pageSize: 2 });
    const second = await operator.listDeadLetters({ pageSize: 2, pageToken: first.nextPageToken });
    expect(first.deadLetters.map(({ key }) => key)).toEqual(["list-2", "list-1"]);
    expect(second).toMatchObject({ deadLetters: [{ key: "list-0" }], nextPageToken: "" });
    expect(second.deadLetters[0]).toMatchObject({
      ...{ agent: "test.ear", hearer: "listen", type: EchoSaidSchema.typeName, attempts: 1 },
      error: { code: "REFUSED", message: "told to fail with REFUSED" },
    });
    await last(operator.discardDeadLetters({ all: true, reason: "seen" }));
  });

  test.each([
    ["an unknown code", { code: "REFUSD" }, /no error code "REFUSD"; did you mean REFUSED/],
    [
      "its times exchanged",
      { diedFrom: timestampFromMs(2_000), diedBefore: timestampFromMs(1_000) },
      /exchange the two/,
    ],
    ["a name too long", { agent: "x".repeat(300) }, /180 bytes/],
  ])("by a filter with %s is refused, and what is wrong is said", async (_, filter, problem) => {
    await expect(operator.listDeadLetters({ filter })).rejects.toThrow(problem);
    await expect(operator.listDeadLetters({ pageToken: "next" })).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
  });
});

describe("a letter that is shown", () => {
  test("is JSON, without what its contract calls SENSITIVE", async () => {
    postman = () => {
      throw new MeshError({ code: "REFUSED", message: "nobody at home" });
    };
    await mesh.publish(LetterPostedSchema, { to: "ada", text: "secret", enclosures: [{ name: "ring", worth: 700n }] });
    await mesh.settled();
    postman = () => {};
    const { id } = await only({ hearer: "deliver" });
    const { deadLetter, json, key, problem } = await operator.getDeadLetter({ id });
    expect(JSON.parse(json)).toEqual({
      to: "ada",
      text: "[redacted:1]",
      enclosures: [{ name: "ring", worth: "[redacted:2]" }],
    });
    expect(deadLetter).toMatchObject({
      hearer: "deliver",
      payload: new Uint8Array(),
      type: LetterPostedSchema.typeName,
    });
    expect([key, problem]).toEqual(["ada", ""]);

    // What stays redacted in an edit keeps its value.
    const edited = JSON.stringify({ ...JSON.parse(json), to: "bob" });
    await operator.redriveDeadLetter({ id, json: edited });
    await mesh.settled();
    expect(posted.at(-1)).toMatch(/ bob secret$/);
  });

  test("says why it cannot be read, with its bytes where nothing in them can be secret", async () => {
    await bury({ id: "garbled", headers: headersOf("garbled"), payload: Uint8Array.of(0xff) });
    const shown = await operator.getDeadLetter({ id: "garbled" });
    expect(shown).toMatchObject({ json: "", problem: expect.stringContaining("cannot be read") });
    expect([...(shown.deadLetter?.payload ?? [])]).toEqual([0xff]);
    const type = LetterPostedSchema.typeName;
    await bury({ id: "garbled-2", type, headers: headersOf("garbled-2", type), payload: Uint8Array.of(0xff) });
    expect(await operator.getDeadLetter({ id: "garbled-2" })).toMatchObject({
      problem: expect.stringContaining("may hold something sensitive"),
      deadLetter: { payload: new Uint8Array() },
    });
    await last(operator.discardDeadLetters({ all: true, reason: "seen" }));
  });

  test("whose type no contract knows any more says so, and cannot be edited", async () => {
    const type = "parley.test.v0.Forgotten";
    await bury({ id: "forgotten", type, headers: headersOf("forgotten", type), contractDigest: "no-such-digest" });
    expect((await operator.getDeadLetter({ id: "forgotten" })).problem).toMatch(/which no contract knows any more/);
    await expect(operator.redriveDeadLetter({ id: "forgotten", json: "{}" })).rejects.toMatchObject({
      code: "UNKNOWN_TYPE",
    });
    await last(operator.discardDeadLetters({ filter: { ids: ["forgotten"] }, reason: "seen" }));
  });

  test("that is not there is NOT_FOUND", async () => {
    await expect(operator.getDeadLetter({ id: "never-was" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(operator.redriveDeadLetter({ id: "never was*" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a redrive", () => {
  test("has the one hearer handle it again, under its own id, and the letter is gone [R29, R57]", async () => {
    const { mend, sent, id } = await died("redrive");
    expect(await operator.redriveDeadLetter({ id, dryRun: true })).toMatchObject({ messageId: sent.messageId });
    await mesh.settled();
    expect(runsAt("test.ear", "redrive")).toHaveLength(1);

    mend();
    const { messageId, subject } = await operator.redriveDeadLetter({ id, author: "ada" });
    await mesh.settled();
    expect(messageId).toBe(sent.messageId);
    expect(subject).toMatch(/\.out\.-\.redrive\.evt\.medium\.test-ear~listen$/);
    expect(runsAt("test.ear", "redrive").map(({ header }) => header)).toMatchObject([
      { messageId, attempt: 1 },
      { messageId, attempt: 1, conversationId: "c-9", sourceAgentId: sent.sourceAgentId, correlationId: messageId },
    ]);
    expect(runsAt("test.other", "redrive")).toHaveLength(1);
    await expect(operator.redriveDeadLetter({ id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await decisionOn(id)).toMatchObject({
      ...{ author: "ada", code: "REFUSED", messageId },
      decision: { case: "redriven", value: { messageId } },
    });
  });

  test("that dies again leaves a letter of its own, which can be redriven as well", async () => {
    const { mend, id } = await died("again");
    await operator.redriveDeadLetter({ id });
    await mesh.settled();
    const next = await only({ key: "again" });
    expect(next.id).not.toBe(id);
    mend();
    await operator.redriveDeadLetter({ id: next.id });
    await mesh.settled();
    expect(runsAt("test.ear", "again")).toHaveLength(3);
  });

  test("twice, because the letter outlived a crash, sends one message", async () => {
    const { mend, id } = await died("twice");
    const before = (await mesh.deadLetters()).find((letter) => letter.id === id);
    mend();
    await operator.redriveDeadLetter({ id });
    await mesh.settled();
    // As after a crash of the operator, between storing the message and removing the letter; and much later.
    await bury({ ...before, id });
    await mesh.advance(3_600_000);
    const subjects = new Subjects(mesh.namespace);
    const stored = async () => {
      const { journal } = streamNames(mesh.namespace);
      const { state } = await mesh.broker.manager.streams.info(journal("parley.test.v1"), {
        subjects_filter: subjects.outgoingEventTo({ agent: "test.ear", hearer: "listen" }, "parley.test.v1", "twice"),
      });
      return Object.values(state.subjects ?? {});
    };
    expect(await stored()).toEqual([1]);
    const other = operator.redriveDeadLetter({ id, json: '{"key":"twice","text":"other"}' });
    await expect(other).rejects.toMatchObject({ code: "CONFLICT" });
    await operator.redriveDeadLetter({ id });
    await mesh.settled();
    expect(await stored()).toEqual([1]);
    expect(runsAt("test.ear", "twice")).toHaveLength(2);
    expect((await operator.listDeadLetters({ filter: { key: "twice" } })).deadLetters).toEqual([]);
  });

  test("of what a hearer by commit had already handled, in doubt, changes nothing", async () => {
    const client = mesh.client(AccountService);
    await client.deposit({ account: "ida", amount: 1n });
    await mesh.settled();
    expect(await mesh.load(counts.at("ida"))).toBe(1);
    const event = mesh.events.events.find(({ header }) => header.messageType === AccountDepositedSchema.typeName);
    if (event === undefined) throw new Error("not published");
    await bury({
      ...{ id: "in-doubt", agent: "test.audit", hearer: "count", type: AccountDepositedSchema.typeName },
      headers: headersOf(event.header.messageId, AccountDepositedSchema.typeName),
      payload: event.payload,
    });
    await operator.redriveDeadLetter({ id: "in-doubt" });
    await mesh.settled();
    expect(await mesh.load(counts.at("ida"))).toBe(1);
  });

  test("of a command goes to its method, with its whole time again [R29, R30]", async () => {
    workshop.behave("redriven", () => {
      throw new MeshError({ code: "REFUSED", message: "not today" });
    });
    const { id: commandId } = await mesh.dispatch(JobService.method.do, { name: "redriven" });
    await mesh.settled();
    const letter = await only({ hearer: "parley.test.v1.JobService/Do" });
    // Its contract gives it a minute.
    await mesh.advance(3_600_000);
    workshop.behave("redriven", () => {});
    const { messageId } = await operator.redriveDeadLetter({ id: letter.id });
    await mesh.settled();
    expect(messageId).toBe(commandId);
    expect(workshop.runsOf("redriven").map(({ header }) => header.messageId)).toEqual([commandId, commandId]);
    const [, second] = workshop.runsOf("redriven");
    expect(second?.header.expires).toBe((second?.at ?? 0) + 60_000);
    expect((await operator.listDeadLetters({ filter: { hearer: letter.hearer } })).deadLetters).toEqual([]);
  });

  test("of what cannot be decoded, or is of another type, is refused unless it is forced or corrected", async () => {
    const unreadable = { code: "UNDECODABLE", errorClass: ErrorClass.INVALID, message: "cannot be read" } as const;
    const headers = headersOf("unreadable");
    for (const id of ["unreadable-1", "unreadable-2"]) {
      const error = create(DeadLetterSchema, { error: unreadable }).error;
      await bury({ id, headers, payload: Uint8Array.of(0xff), ...(error && { error }) });
    }
    await expect(operator.redriveDeadLetter({ id: "unreadable-1" })).rejects.toMatchObject({ code: "REFUSED" });
    await operator.redriveDeadLetter({ id: "unreadable-1", force: true });
    await mesh.settled();
    const again = (await operator.listDeadLetters({ filter: { code: "UNDECODABLE" } })).deadLetters;
    expect(again.map(({ id }) => id)).toContain("unreadable-2");
    expect(again).toHaveLength(2);
    await operator.redriveDeadLetter({ id: "unreadable-2", json: '{"key":"corrected","text":"hello"}' });
    await mesh.settled();
    expect(runsAt("test.ear", "corrected")).toMatchObject([{ header: { attempt: 1 } }]);
    await last(operator.discardDeadLetters({ all: true, reason: "seen" }));
  });

  test("to a hearer that is gone, or from a message that is gone, is NOT_FOUND, and the letter stays", async () => {
    await bury({ id: "no-hearer", hearer: "renamed", headers: headersOf("no-hearer") });
    await bury({
      id: "no-message",
      contentLeftOut: true,
      stream: streamNames(mesh.namespace).events,
      sequence: 99_999n,
    });
    for (const [id, problem] of [
      ["no-hearer", /hearer "renamed" of agent "test.ear" has no place/],
      ["no-message", /does not keep message 99999 any more/],
    ] as const) {
      await expect(operator.redriveDeadLetter({ id })).rejects.toThrow(problem);
      await expect(operator.getDeadLetter({ id })).resolves.toBeDefined();
    }
    await last(operator.discardDeadLetters({ all: true, reason: "seen" }));
  });

  test("of a message that was too large for its letter takes it from its stream", async () => {
    const mend = failAt("large");
    await mesh.publish(EchoSaidSchema, { key: "large", text: "long" });
    await mesh.settled();
    const letter = (await mesh.deadLetters()).find(({ headers }) => headers["ce-subject"] === "large");
    if (letter === undefined) throw new Error("no letter");
    await last(operator.discardDeadLetters({ filter: { ids: [letter.id] }, reason: "made anew" }));
    if (letter.header === undefined) throw new Error("no header");
    const without = { ...letter, contentLeftOut: true, headers: {}, payload: new Uint8Array() };
    // Of a stream that was made again: another message stands there.
    await bury({ ...without, id: "gone", header: { ...letter.header, messageId: "another" } });
    await expect(operator.redriveDeadLetter({ id: "gone" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await last(operator.discardDeadLetters({ filter: { ids: ["gone"] }, reason: "seen" }));
    await bury({ ...without, id: "large" });
    mend();
    expect(JSON.parse((await operator.getDeadLetter({ id: "large" })).json)).toEqual({ key: "large", text: "long" });
    await operator.redriveDeadLetter({ id: "large" });
    await mesh.settled();
    expect(runsAt("test.ear", "large").map(({ header }) => header.messageId)).toEqual(
      Array(2).fill(letter.header?.messageId),
    );
  });
});

describe("an edited redrive", () => {
  test("has a new id and says whose place it takes; the same edit again is the same message [R29]", async () => {
    const { id, sent } = await died("edit");
    const json = '{"key":"edit-2","text":"corrected"}';
    const dry = await operator.redriveDeadLetter({ id, json, dryRun: true });
    const { messageId, subject } = await operator.redriveDeadLetter({ id, json });
    await mesh.settled();
    expect(messageId).toBe(dry.messageId);
    expect(messageId).not.toBe(sent.messageId);
    expect(subject).toMatch(/\.out\.-\.edit-2\./);
    expect(runsAt("test.ear", "edit-2")).toMatchObject([{ header: { messageId, correlationId: sent.correlationId } }]);
    const { journal } = streamNames(mesh.namespace);
    const query = { last_by_subj: subject };
    const stored = await mesh.broker.manager.streams.getMessage(journal("parley.test.v1"), query);
    expect(stored?.header.get("ce-redriveof")).toBe(sent.messageId);
  });

  test.each([
    ["no JSON", "{", "UNDECODABLE"],
    ["an unknown field", '{"key":"k","txt":"x"}', "UNDECODABLE"],
    ["a field of another type", '{"key":7}', "UNDECODABLE"],
    ["what breaks a rule of the contract", `{"key":"k","text":"${"x".repeat(101)}"}`, "INVALID_MESSAGE"],
  ])("with %s is refused, and the letter stays as it is", async (what, json, code) => {
    const { id } = await died(`bad ${what}`);
    await expect(operator.redriveDeadLetter({ id, json })).rejects.toMatchObject({ code });
    expect(await decisionOn(id)).toBeUndefined();
    await last(operator.discardDeadLetters({ filter: { ids: [id] }, reason: "seen" }));
  });
});

test("an edit that is too large for the broker is refused before it is decided", async () => {
  const type = LetterPostedSchema.typeName;
  await bury({ id: "grown", agent: "test.post", hearer: "deliver", type, headers: headersOf("grown", type) });
  const json = JSON.stringify({ to: "ada", subject: "x".repeat(1_048_300) });
  await expect(operator.redriveDeadLetter({ id: "grown", json })).rejects.toMatchObject({ code: "TOO_LARGE" });
  expect(await decisionOn("grown")).toBeUndefined();
  await last(operator.discardDeadLetters({ filter: { ids: ["grown"] }, reason: "seen" }));
});

describe("two operators at once", () => {
  test("who redrive the same letter have it handled once more", async () => {
    const { mend, id } = await died("both");
    mend();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => operator.redriveDeadLetter({ id })));
    await mesh.settled();
    expect(outcomes.some(({ status }) => status === "fulfilled")).toBe(true);
    expect(runsAt("test.ear", "both")).toHaveLength(2);
  });

  test("who decide differently: the first decision counts, the other is told of it", async () => {
    for (const round of [1, 2, 3]) {
      const key = `rivals-${round}`;
      const { mend, id } = await died(key);
      mend();
      const outcomes = await Promise.allSettled([
        operator.redriveDeadLetter({ id, json: JSON.stringify({ key, text: "mine" }) }),
        operator.redriveDeadLetter({ id, json: JSON.stringify({ key, text: "yours" }) }),
        operator.redriveDeadLetter({ id }),
      ]);
      await mesh.settled();
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(["CONFLICT", "NOT_FOUND"]).toContain(outcome.reason.code);
      }
      expect(runsAt("test.ear", key)).toHaveLength(2);
    }
  });

  test("of whom the first crashed before anything was sent: a minute later another decision counts", async () => {
    const { mend, id } = await died("crashed");
    mend();
    const subject = new Subjects(mesh.namespace).letterDecision(id);
    const left = create(DeadLetterDecisionSchema, {
      ...{ id, author: "ada", decidedAt: timestampFromMs(clock.now()) },
      decision: {
        case: "redriven",
        value: {
          messageId: "edited-1",
          subject: new Subjects(mesh.namespace).outgoingEventTo(
            { agent: "test.ear", hearer: "listen" },
            "parley.test.v1",
            "crashed",
          ),
        },
      },
    });
    const payload = toBinary(DeadLetterDecisionSchema, left);
    await brokerAppender(mesh.broker).append({ subject, payload, headers: new Map(), id: "left" });
    await expect(operator.redriveDeadLetter({ id })).rejects.toThrow(
      /decided about by "ada".*redriven as message "edited-1"/,
    );
    await mesh.advance(60_000);
    await operator.redriveDeadLetter({ id });
    await mesh.settled();
    expect(runsAt("test.ear", "crashed")).toHaveLength(2);
  });
});

describe("many letters", () => {
  test("are redriven oldest first, as many in a second as was said, and nothing is sent in a dry run", async () => {
    const keys = Array.from({ length: 6 }, (_, index) => `many-${index}`);
    const mends = keys.map((key) => failAt(key));
    for (const key of keys) await mesh.publish(EchoSaidSchema, { key, text: "many" });
    await mesh.settled();
    const filter = { hearer: "listen", code: "REFUSED" };
    expect(await last(operator.redriveDeadLetters({ filter, dryRun: true }))).toMatchObject({
      progress: { seen: 6n, done: 6n, failed: 0n, finished: true },
    });
    expect((await operator.listDeadLetters({ filter })).deadLetters).toHaveLength(6);

    for (const mend of mends.slice(0, 5)) mend();
    const running = last(operator.redriveDeadLetters({ filter, perSecond: 2 }));
    const runs = () => keys.reduce((sum, key) => sum + runsAt("test.ear", key).length, 0);
    await until(() => runs() === 7);
    for (const count of [8, 9, 10, 11]) {
      await clock.advance(499);
      await mesh.settled();
      expect(runs()).toBe(count - 1);
      await clock.advance(1);
      await until(() => runs() === count);
    }
    await clock.advance(500);
    expect(await running).toMatchObject({ progress: { seen: 6n, done: 6n, finished: true } });
    await mesh.settled();
    expect(
      listener.runs.filter(({ key, agent }) => key.startsWith("many") && agent === "test.ear").slice(6),
    ).toMatchObject(keys.map((key) => ({ key })));
    // The last one died again; it is another letter, for another redrive.
    expect((await operator.listDeadLetters({ filter })).deadLetters).toMatchObject([{ key: "many-5" }]);
    await last(operator.discardDeadLetters({ filter, reason: "seen" }));
  });

  test("of which some cannot be redriven: the others are, and each of those is told with its reason", async () => {
    const { mend } = await died("fine");
    mend();
    await bury({ id: "lost", hearer: "renamed", headers: headersOf("lost") });
    const running = Array.fromAsync(operator.redriveDeadLetters({ all: true }), (one) => one.progress);
    await until(() => runsAt("test.ear", "fine").length === 2);
    await mesh.advance(20);
    const progress = await running;
    const problems = progress.flatMap((one) => one?.problems ?? []);
    expect(progress.at(-1)).toMatchObject({ done: 1n, failed: 1n, finished: true });
    expect(problems).toMatchObject([{ id: "lost", error: { code: "NOT_FOUND" } }]);
    await last(operator.discardDeadLetters({ all: true, reason: "seen" }));
  });

  test("that die again meanwhile are left for the next redrive", async () => {
    failAt("in-vain");
    const payload = toBinary(EchoSaidSchema, create(EchoSaidSchema, { key: "in-vain" }));
    const ids = Array.from({ length: 50 }, (_, index) => `in-vain-${index}`);
    await Promise.all(ids.map((id) => bury({ id, headers: headersOf(id), payload })));
    let isDone = false;
    const running = last(operator.redriveDeadLetters({ all: true, perSecond: 1_000 })).finally(() => {
      isDone = true;
    });
    while (!isDone) await mesh.advance(1);
    expect(await running).toMatchObject({ progress: { seen: 50n, done: 50n } });
    const { deadLetters } = await operator.listDeadLetters({});
    expect(deadLetters).toHaveLength(50);
    expect(deadLetters.filter(({ id }) => ids.includes(id))).toEqual([]);
    await last(operator.discardDeadLetters({ all: true, reason: "seen" }));
  });

  test("are not redriven any further when the operator leaves", async () => {
    for (const index of [1, 2, 3]) await bury({ id: `left-${index}`, headers: headersOf(`left-${index}`) });
    const leaving = new AbortController();
    const running = last(operator.redriveDeadLetters({ all: true, perSecond: 1 }, { signal: leaving.signal }));
    await until(async () => (await operator.listDeadLetters({})).deadLetters.length === 2);
    leaving.abort();
    await expect(running).rejects.toMatchObject({ code: "CANCELED" });
    await mesh.advance(10_000);
    expect((await operator.listDeadLetters({})).deadLetters).toHaveLength(2);
  });

  test("are discarded for a reason, which is kept; by an empty filter only when that is said", async () => {
    await expect(last(operator.discardDeadLetters({ reason: "tidy" }))).rejects.toThrow(/the filter is empty/);
    await expect(last(operator.discardDeadLetters({ all: true }))).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    await expect(last(operator.redriveDeadLetters({ filter: {} }))).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    const filter = { ids: ["left-2", "left-3", "never-was"] };
    const discard = { filter, reason: "customer closed the account", author: "ada" };
    await last(operator.discardDeadLetters({ ...discard, dryRun: true }));
    expect((await operator.listDeadLetters({})).deadLetters).toHaveLength(2);
    const end = await last(operator.discardDeadLetters(discard));
    expect(end).toMatchObject({ progress: { done: 2n, finished: true } });
    expect((await operator.listDeadLetters({})).deadLetters).toEqual([]);
    const kept = await decisionOn("left-2");
    expect(kept).toMatchObject({ author: "ada", decision: { case: "discarded", value: { reason: discard.reason } } });
    expect(kept?.decidedAt && timestampMs(kept.decidedAt)).toBe(clock.now());
  });
});

test("without DEAD nothing is listed, which is said, and what dies stays where it is until there is one again", async () => {
  const { agent, attach } = operatorAgent();
  const ear = new Listener();
  ear.behave("stays", () => {
    throw new MeshError({ code: "REFUSED", message: "no" });
  });
  await using lonely = await testMesh({ agents: [ear.agent("test.ear"), agent] });
  attach(lonely);
  const { dead, events } = streamNames(lonely.namespace);
  await lonely.broker.manager.streams.delete(dead);
  const letters = lonely.client(DeadLetterService);
  await expect(letters.listDeadLetters({})).rejects.toMatchObject({ code: "NOT_FOUND" });

  await lonely.publish(EchoSaidSchema, { key: "stays" });
  await until(() => ear.runs.length === 1);
  expect((await lonely.broker.manager.consumers.info(events, "test-ear~listen")).num_ack_pending).toBe(1);
  await ensureStreams(lonely.broker, { namespace: lonely.namespace, domains: [] });
  await until(async () => (await letters.listDeadLetters({})).deadLetters.length === 1);
  await until(
    async () => (await lonely.broker.manager.consumers.info(events, "test-ear~listen")).num_ack_pending === 0,
  );
  expect(ear.runs).toHaveLength(1);
});
