// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { AppointmentConfirmedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { defineAgent, on } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Listener } from "../agents/listener.ts";
import { EchoRepeatedSchema, EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";
import { NewsToldSchema } from "../gen/parley/test/v1/news_pb.js";

const listener = new Listener();
const teller = defineAgent({ name: "test.teller", permissions: ["TELL_NEWS"], publishes: [NewsToldSchema] });
let mesh: TestMesh;
let second: TestMesh;

beforeAll(async () => {
  const agents = [listener.agent("test.ear", { where: "first" }), listener.agent("test.eye"), teller];
  mesh = await testMesh({ agents });
  const { namespace, clock } = mesh;
  second = await testMesh({ agents: [listener.agent("test.ear", { where: "second" })], namespace, clock });
});

afterAll(async () => {
  await second.drain();
  await mesh.drain();
});

test("an event is heard once by each hearing agent, however many instances it has [R26]", async () => {
  const keys = Array.from({ length: 40 }, (_, index) => `once-${index}`);
  await Promise.all(keys.map((key) => mesh.publish(EchoSaidSchema, { key })));
  await mesh.settled();
  for (const agent of ["test.ear", "test.eye"]) {
    const heard = listener.runs.filter((run) => run.agent === agent && run.key.startsWith("once-"));
    expect(heard.map(({ key }) => key).sort()).toEqual([...keys].sort());
  }
});

test("publishing resolves with the header under which the event is stored and heard", async () => {
  const header = await mesh.publish(EchoSaidSchema, { key: "header" }, { conversationId: "c-7" });
  await mesh.settled();
  expect(header).toMatchObject({
    messageType: "parley.test.v1.EchoSaid",
    name: "ECHO_SAID",
    sourceAgentId: "test.ear",
    correlationId: header.messageId,
    conversationId: "c-7",
    priority: "MEDIUM",
    attempt: 1,
    hops: 0,
  });
  expect(listener.runsOf("header")[0]?.header).toEqual(header);
});

test("two agents that hear one event and publish the same lose nothing", async () => {
  listener.behave("both", (event, ctx) => ctx.publish(EchoRepeatedSchema, { key: event.key, text: "again" }));
  await mesh.publish(EchoSaidSchema, { key: "both" });
  await mesh.settled();
  expect(
    repeated("both")
      .map(({ header }) => header.sourceAgentId)
      .sort(),
  ).toEqual(["test.ear", "test.eye"]);
});

test("a handler that publishes the same twice publishes two events", async () => {
  listener.behave("twice", async (event, ctx) => {
    if (ctx.agent === "test.eye") return;
    await ctx.publish(EchoRepeatedSchema, { key: event.key, text: "same" });
    await ctx.publish(EchoRepeatedSchema, { key: event.key, text: "same" });
  });
  await mesh.publish(EchoSaidSchema, { key: "twice" });
  await mesh.settled();
  expect(repeated("twice")).toHaveLength(2);
});

test("a handler that runs again publishes nothing twice [R29]", async () => {
  listener.behave("rerun", async (event, ctx) => {
    if (ctx.agent === "test.eye") return;
    await ctx.publish(EchoRepeatedSchema, { key: event.key, text: "once" });
    if (ctx.header.attempt === 1) throw new Error("after publishing");
  });
  await mesh.publish(EchoSaidSchema, { key: "rerun" });
  await mesh.advance(1_000);
  const ids = published("rerun").map(({ header }) => header.messageId);
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
  expect(repeated("rerun")).toHaveLength(1);
});

test("a handler that runs again and publishes something else is told MESSAGE_ID_REUSED", async () => {
  const failures: unknown[] = [];
  listener.behave("changed", async (event, ctx) => {
    if (ctx.agent === "test.eye") return;
    const text = `try ${ctx.header.attempt}`;
    await ctx.publish(EchoRepeatedSchema, { key: event.key, text }).catch((error: unknown) => failures.push(error));
    if (ctx.header.attempt === 1) throw new Error("after publishing");
  });
  await mesh.publish(EchoSaidSchema, { key: "changed" });
  await mesh.advance(1_000);
  expect(failures).toMatchObject([{ name: "MeshError", code: "MESSAGE_ID_REUSED" }]);
  expect(mesh.events.of(EchoRepeatedSchema).filter(({ key }) => key === "changed")).toMatchObject([{ text: "try 1" }]);
});

test("a new hearer begins with what is published from now on, or with all that is retained", async () => {
  await mesh.publish(EchoSaidSchema, { key: "before" });
  const late = new Listener();
  const handle = late.handler();
  const agents = (["now", "retained"] as const).map((from) =>
    defineAgent({ name: `test.${from}`, hears: [on(EchoSaidSchema, { name: "listen", from }, handle)] }),
  );
  await mesh.settled();
  await using newcomer = await testMesh({ agents, namespace: mesh.namespace, clock: mesh.clock });
  await newcomer.publish(EchoSaidSchema, { key: "after" });
  await newcomer.settled();
  const keys = (agent: string) => late.runs.filter((run) => run.agent === agent).map(({ key }) => key);
  expect(keys("test.now")).toEqual(["after"]);
  expect(keys("test.retained")).toEqual(expect.arrayContaining(["once-0", "before", "after"]));
});

test("an event that breaks its contract is refused with the broken rule and stored nowhere", async () => {
  const before = mesh.events.events.length;
  await expect(mesh.publish(EchoSaidSchema, { key: "invalid", text: "x".repeat(101) })).rejects.toMatchObject({
    code: "INVALID_MESSAGE",
    violations: [{ field: "text", rule: "string.max_len" }],
  });
  await mesh.settled();
  expect(mesh.events.events.length).toBe(before);
});

test("an event that is larger than the broker takes is refused, with what to send instead, and the connection lives on [R17]", async () => {
  await expect(mesh.publish(EchoRepeatedSchema, { key: "large", text: "x".repeat(9_000_000) })).rejects.toMatchObject({
    code: "TOO_LARGE",
    message: expect.stringContaining("send a reference instead"),
  });
  await expect(mesh.publish(EchoSaidSchema, { key: "small" })).resolves.toBeDefined();
});

test("an event of a package that no agent of the host has to do with is refused at once", async () => {
  await expect(mesh.publish(AppointmentConfirmedSchema, {})).rejects.toMatchObject({ code: "UNKNOWN_TYPE" });
});

test("only who holds the contract's permission publishes [R42]", async () => {
  const news = { key: "news" };
  await expect(mesh.publish(NewsToldSchema, news, { source: "test.ear" })).rejects.toMatchObject({
    code: "PERMISSION_DENIED",
    message: expect.stringContaining("TELL_NEWS"),
  });
  await expect(mesh.publish(NewsToldSchema, news, { source: "test.teller" })).resolves.toBeDefined();
});

test("an agent without the permission to hear an event is not hosted [R42]", async () => {
  const hears = [on(NewsToldSchema, { name: "listen" }, () => {})];
  const start = (permissions: readonly string[]) =>
    testMesh({ agents: [defineAgent({ name: "test.curious", permissions, hears })], namespace: mesh.namespace });
  await expect(start([])).rejects.toMatchObject({
    code: "PERMISSION_DENIED",
    message: expect.stringContaining("HEAR_NEWS"),
  });
  await using _allowed = await start(["HEAR_NEWS"]);
});

describe("a key", () => {
  const odd = {
    "with dots": "a.b.evt.critical",
    "with spaces": " a b ",
    "that is a wildcard": "*",
    "that is the full wildcard": ">",
    "of control characters": "\u0000\r\nNats-Rollup: all\r\n\u007f",
    "that is empty": "",
    "of the API": "$JS.API.STREAM.DELETE.x",
    "like an encoded one": "=YQ",
    "in Unicode": "Dr. Müller 東京 😀",
    "of 180 bytes": "k".repeat(180),
    "of 180 bytes in Unicode": "é".repeat(90),
    "with percent and quotes": `%41"'%`,
  };

  test.each(Object.entries(odd))("%s is heard as it is, from a subject of as many tokens as ever", async (_, key) => {
    await mesh.publish(EchoSaidSchema, { key });
    await mesh.settled();
    expect(
      listener
        .runsOf(key)
        .map(({ agent }) => agent)
        .sort(),
    ).toEqual(["test.ear", "test.eye"]);
    const stored = mesh.events.events.at(-1);
    expect(stored?.subject.split(".")).toHaveLength(6);
    expect(stored?.subject).toMatch(/^[\x21-\x7e]+$/);
    expect(decodeURIComponent(stored?.headers.get("ce-subject") ?? "")).toBe(key);
  });

  test.each([
    ["of 181 bytes", "k".repeat(181)],
    ["of 181 bytes in Unicode", `${"é".repeat(90)}k`],
    ["that holds half a character", "a\ud800b"],
  ])("%s is refused as INVALID_KEY", async (_, key) => {
    await expect(mesh.publish(EchoSaidSchema, { key })).rejects.toMatchObject({ code: "INVALID_KEY" });
  });
});

function repeated(key: string) {
  const type = EchoRepeatedSchema.typeName;
  return mesh.events.events.filter(
    ({ header, headers }) => header.messageType === type && headers.get("ce-subject") === key,
  );
}

/** What was said with that key, whether or not it was stored anew. */
function published(key: string) {
  const ids = new Set(repeated(key).map(({ header }) => header.messageId));
  return [...mesh.observed, ...second.observed].filter(
    ({ kind, header }) => kind === "published" && ids.has(header.messageId),
  );
}
