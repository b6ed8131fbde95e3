// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { defineAgent, on } from "@parley/mesh";
import { brokerAppender, Subjects } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Listener } from "../agents/listener.ts";
import { EchoRepeatedSchema, EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";

const listener = new Listener();
const saidType = EchoSaidSchema.typeName;
let mesh: TestMesh;

beforeAll(async () => {
  mesh = await testMesh({ agents: [listener.agent("test.ear")] });
});

afterAll(() => mesh.drain());

/** What is well formed; a test says what is not. */
const sound = { "ce-id": "set anew", "ce-type": saidType, "ce-source": "test.peer" };

interface Raw {
  /** Set over {@link sound}; an unset one is left out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly payload?: Uint8Array | string;
  readonly key?: string;
}

/** Puts a message into the journal as any NATS client could, and waits for what comes of it. */
async function put({ headers = {}, payload, key = randomUUID() }: Raw): Promise<void> {
  const event = { domain: "parley.test.v1", typeName: saidType, priority: "MEDIUM" } as const;
  const id = randomUUID();
  const given = Object.entries({ ...sound, "ce-id": id, ...headers });
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  await brokerAppender(mesh.broker).append({
    id,
    subject: new Subjects(mesh.namespace).outgoingEvent(event, key),
    headers: new Map(given.filter((pair): pair is [string, string] => pair[1] !== undefined)),
    payload: bytes ?? toBinary(EchoSaidSchema, create(EchoSaidSchema, { key })),
  });
  await events(++stored);
  await mesh.settled();
}

let stored = 0;
async function events(count: number): Promise<void> {
  const stream = `${mesh.namespace}_EVENTS`;
  while ((await mesh.broker.manager.streams.info(stream)).state.messages < count);
}

async function lastLetter() {
  return (await mesh.deadLetters()).at(-1);
}

describe("a message that cannot be read dies at once, with the cause", () => {
  let letters = 0;
  let runs = 0;

  afterEach(async () => {
    expect(await mesh.deadLetters()).toHaveLength(++letters);
    expect(listener.runs).toHaveLength(runs);
  });

  const wrong: Record<string, Raw & { readonly code?: string; readonly named: string }> = {
    "a payload that is no protobuf": { payload: Uint8Array.of(0xff, 0xff, 0xff), named: "cannot be read" },
    "a payload that ends too early": { payload: Uint8Array.of(0x0a, 0x7f, 0x61), named: "cannot be read" },
    "the type of another event": {
      headers: { "ce-type": EchoRepeatedSchema.typeName },
      code: "UNKNOWN_TYPE",
      named: EchoRepeatedSchema.typeName,
    },
    "a type that nobody knows": { headers: { "ce-type": "evil.Type" }, code: "UNKNOWN_TYPE", named: "evil.Type" },
    "no type": { headers: { "ce-type": undefined }, named: "ce-type" },
    "no id": { headers: { "ce-id": undefined }, named: "ce-id" },
    "no source": { headers: { "ce-source": undefined }, named: "ce-source" },
    "a time in words": { headers: { "ce-time": "yesterday" }, named: '"ce-time" is "yesterday"' },
    "hops below none": { headers: { "ce-hops": "-1" }, named: '"ce-hops" is "-1"' },
    "an attempt before the first": { headers: { "ce-attempt": "0" }, named: '"ce-attempt" is "0"' },
    "an attempt beyond counting": { headers: { "ce-attempt": "99999999999" }, named: "ce-attempt" },
    "a priority that is none": { headers: { "ce-priority": "urgent" }, named: '"ce-priority" is "urgent"' },
    "an expiry that is no time": { headers: { "ce-expirytime": "1" }, named: "ce-expirytime" },
    "another version of CloudEvents": { headers: { "ce-specversion": "0.3" }, named: "ce-specversion" },
    "broken percent-encoding": { headers: { "ce-correlationid": "%zz" }, named: "ce-correlationid" },
    "an unknown content type": { headers: { "ce-datacontenttype": "text/plain" }, named: '"text/plain"' },
    "JSON that is none": {
      headers: { "ce-datacontenttype": "application/json" },
      payload: "{",
      named: "cannot be read",
    },
    "JSON of another shape": {
      headers: { "ce-datacontenttype": "application/json" },
      payload: '{"key":{"a":1}}',
      named: "key",
    },
    "JSON that is not UTF-8": {
      headers: { "ce-datacontenttype": "application/json" },
      payload: Buffer.from('{"key":"\xff"}', "latin1"),
      named: "cannot be read",
    },
  };

  test.each(Object.entries(wrong))("%s", async (_, { code = "UNDECODABLE", named, ...raw }) => {
    await put(raw);
    const letter = await lastLetter();
    expect(letter).toMatchObject({ agent: "test.ear", hearer: "listen", error: { code } });
    expect(letter?.error?.message).toContain(named);
    expect(letter?.headers["ce-source"]).toBe(raw.headers && "ce-source" in raw.headers ? undefined : "test.peer");
  });

  test("a message that breaks its contract's rules", async () => {
    await put({ payload: toBinary(EchoSaidSchema, create(EchoSaidSchema, { key: "k", text: "x".repeat(101) })) });
    expect(await lastLetter()).toMatchObject({
      error: { code: "INVALID_MESSAGE", violations: [{ field: "text", rule: "string.max_len" }] },
      attempts: [{ attempt: 1 }],
    });
  });

  test("and the hearer goes on with the next one", async () => {
    await put({ payload: Uint8Array.of(0xff) });
    await put({ key: "sound" });
    expect(listener.runsOf("sound")).toHaveLength(1);
    runs = listener.runs.length;
  });
});

describe("a message from somebody else's sender is heard", () => {
  test("when it is JSON, with fields that this side does not know yet [R17, R57]", async () => {
    const headers = { "ce-datacontenttype": "Application/JSON; charset=utf-8" };
    await put({ headers, payload: '{"key":"json","text":"hello","later":[1]}' });
    expect(listener.runsOf("json")).toHaveLength(1);
  });

  test("when its protobuf holds fields that this side does not know yet [R57]", async () => {
    const known = toBinary(EchoSaidSchema, create(EchoSaidSchema, { key: "unknown-field" }));
    await put({ payload: Uint8Array.of(...known, 0xfa, 0x3f, 1, 0x61) });
    expect(listener.runsOf("unknown-field")).toHaveLength(1);
  });

  test("when an older peer says agent, conversation, trace and one of three priorities in headers of its own [R44, R53]", async () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const headers = {
      "ce-source": undefined,
      "X-Agent-ID": "legacy.crm",
      "X-Conversation-ID": "c-legacy",
      "X-Trace-ID": trace,
      "X-Span-ID": "b7ad6b7169203331",
      "ce-priority": "normal",
    };
    await put({ key: "older", headers });
    expect(listener.runsOf("older")[0]?.header).toMatchObject({
      sourceAgentId: "legacy.crm",
      conversationId: "c-legacy",
      name: saidType,
      priority: "MEDIUM",
      attempt: 1,
      hops: 0,
    });
    expect(mesh.observed.at(-1)).toMatchObject({ kind: "heard", traceId: trace });
  });

  test("when it writes header names in capitals", async () => {
    const id = randomUUID();
    await put({
      key: "capitals",
      headers: { "ce-id": undefined, "ce-type": undefined, "CE-ID": id, "Ce-Type": saidType },
    });
    expect(listener.runsOf("capitals")[0]?.header.messageId).toBe(id);
  });
});

test("nobody puts an event into EVENTS past the journal", async () => {
  const subject = `${mesh.namespace}.evt.medium.parley-test-v1-EchoSaid.0.k`;
  await expect(mesh.broker.jetstream.publish(subject, "x", { timeout: 500 })).rejects.toThrow();
});

test("an event that nobody hears stays where it is and hurts nobody", async () => {
  await mesh.publish(EchoRepeatedSchema, { key: "unheard" });
  await events(++stored);
  await mesh.settled();
  expect(mesh.events.of(EchoRepeatedSchema).at(-1)).toMatchObject({ key: "unheard" });
  expect(listener.runsOf("unheard")).toEqual([]);
});

test("a hearer whose handler is no longer there leaves the others alone", async () => {
  const { namespace, clock } = mesh;
  const hears = [on(EchoSaidSchema, { name: "gone" }, () => {})];
  await (await testMesh({ agents: [defineAgent({ name: "test.gone", hears })], namespace, clock })).drain();
  await put({ key: "after" });
  expect(listener.runsOf("after")).toHaveLength(1);
});
