// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type Gateway, openGateway } from "@parley/gateway";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EchoState, echoAgent, echoState, relayAgent } from "../agents/echo-agent.ts";
import { jsonCall } from "../tools/json-call.ts";
import { until } from "../tools/until.ts";

const echo = "parley.test.v1.EchoService/Echo";

/** What any HTTP client meets that sends JSON. The gateway's host has no agents: these are in a host of their own. */
describe("the gateway, by plain HTTP", () => {
  const state: EchoState = echoState();
  let agents: TestMesh;
  let edge: TestMesh;
  let gateway: Gateway;

  beforeAll(async () => {
    agents = await testMesh({ agents: [echoAgent(state), relayAgent] });
    edge = await testMesh({ agents: [], namespace: agents.namespace, clock: agents.clock });
    await until(() => edge.directory.instancesOf("parley.test.v1.RelayService").length > 0);
    gateway = await openGateway({ host: edge, port: 0, exposure: "PUBLIC" });
  });

  afterAll(async () => {
    await gateway.drain();
    await edge.drain();
    await agents.drain();
  });

  beforeEach(() => {
    state.gate = Promise.resolve();
  });

  test("calls a public method for whoever asks, in its own name", async () => {
    const { status, body, headers } = await jsonCall(gateway.url, echo, { text: "hi" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ text: "hi", source: "gateway" });
    expect(headers.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
  });

  test("answers reading methods to GET too", async () => {
    const query = new URLSearchParams({ connect: "v1", encoding: "json", message: '{"text":"got"}' });
    const response = await fetch(`${gateway.url}/${echo}?${query}`);
    await expect(response.json()).resolves.toMatchObject({ text: "got" });
  });

  describe("takes nobody's word for who they are:", () => {
    const claims = {
      "ce-specversion": "1.0",
      "ce-id": "claimed",
      "ce-source": "test.relay",
      "ce-type": "parley.test.v1.EchoRequest",
      "ce-time": "not even a time",
      "ce-correlationid": "claimed",
      "ce-conversationid": "claimed",
      "ce-hops": "31",
      "x-agent-id": "test.relay",
      "x-trace-id": "11111111111111111111111111111111",
      "x-span-id": "1111111111111111",
    };

    test("identity headers are not read", async () => {
      const { body, headers } = await jsonCall(gateway.url, echo, { text: "me" }, { headers: claims });
      expect(body).toMatchObject({ source: "gateway" });
      expect(body).not.toHaveProperty("conversationId");
      expect(body).not.toHaveProperty("hops");
      expect((body as { correlationId: string }).correlationId).not.toBe("claimed");
      expect(headers.get("x-trace-id")).not.toBe(claims["x-trace-id"]);
    });

    test("a permission that an agent holds is not lent to a stranger who takes its name", async () => {
      await using all = await openGateway({ host: edge, port: 0, exposure: "ALL" });
      const secret = "parley.test.v1.EchoService/Secret";
      const { status, detail } = await jsonCall(all.url, secret, {}, { headers: claims });
      expect(status).toBe(403);
      expect(detail).toMatchObject({ code: "PERMISSION_DENIED", message: expect.stringContaining('"gateway"') });
    });
  });

  test("goes on with the trace of the client, into the agent", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const { headers } = await jsonCall(gateway.url, echo, { text: "traced" }, { headers: { traceparent } });
    expect(headers.get("x-trace-id")).toBe(traceId);
    expect(edge.observed.at(-1)).toMatchObject({ kind: "called", traceId, remote: true });
  });

  test("gives the trace of a failed call back", async () => {
    for (const request of [{ text: "x".repeat(101) }, { nope: 1 }, "{"]) {
      const { status, headers } = await jsonCall(gateway.url, echo, request);
      expect(status).toBe(400);
      expect(headers.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
    }
  });

  test("takes the conversation from its header, and on into the calls behind", async () => {
    const headers = { "x-conversation-id": "c-42 ü" };
    const { body } = await jsonCall(gateway.url, "parley.test.v1.RelayService/Relay", { text: "on" }, { headers });
    expect(body).toMatchObject({ echo: { conversationId: "c-42 ü", source: "test.relay", hops: 1 } });
  });

  test("refuses a conversation id that does not fit into the headers behind", async () => {
    const headers = { "x-conversation-id": "c".repeat(201) };
    const { status, detail } = await jsonCall(gateway.url, echo, { text: "long" }, { headers });
    expect(status).toBe(400);
    expect(detail).toMatchObject({ code: "UNDECODABLE", message: expect.stringContaining("x-conversation-id") });
  });

  test.each([
    ["that is not public", "parley.test.v1.EchoService/Secret"],
    ["that its service has not", "parley.test.v1.EchoService/Nope"],
    ["of a service that nobody serves", "no.such.v1.Service/Method"],
    ["of the operator", "parley.mesh.v1.OperatorService/GetContracts"],
  ])("knows no method %s", async (_, method) => {
    const { status, body, detail } = await jsonCall(gateway.url, method);
    expect(status).toBe(404);
    expect(body).toMatchObject({ code: "unimplemented", message: `"${method}" is no method that is served here` });
    expect(detail).toMatchObject({ code: "UNIMPLEMENTED", errorClass: "ERROR_CLASS_NOT_FOUND" });
  });

  test.each([
    ["broken JSON", '{"text":', "UNDECODABLE"],
    ["no JSON at all", "", "UNDECODABLE"],
    ["JSON that is no object", "[]", "UNDECODABLE"],
    ["JSON nested too deep", `{"text":${"[".repeat(100_000)}`, "UNDECODABLE"],
    ["a field that the message has not", { text: "a", txet: "b" }, "UNDECODABLE"],
    ["a value of another type", { text: 1 }, "UNDECODABLE"],
    ["a broken rule", { text: "x".repeat(101) }, "INVALID_MESSAGE"],
  ])("refuses %s before the agent sees it, and says what is wrong", async (_, request, code) => {
    const before = state.seen.length;
    const { status, body, detail } = await jsonCall(gateway.url, echo, request);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: "invalid_argument" });
    expect(detail).toMatchObject({ code, errorClass: "ERROR_CLASS_INVALID" });
    expect(detail).not.toHaveProperty("mayHaveRun");
    expect(state.seen.length).toBe(before);
  });

  test("names the fields whose rules are broken", async () => {
    const { detail } = await jsonCall(gateway.url, echo, { text: "x".repeat(101) });
    expect(detail).toMatchObject({ violations: [{ field: "text", rule: "string.max_len" }] });
  });

  test("refuses a message that is too large, also one that becomes so", async () => {
    const large = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(4 * 1024 * 1024) }));
    const zipped = await new Response(new Blob([large]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
    expect(zipped.length).toBeLessThan(10_000);
    for (const [request, headers] of [
      [large, {}],
      [zipped, { "content-encoding": "gzip" }],
    ] as const) {
      const { status, detail } = await jsonCall(gateway.url, echo, request, { headers });
      expect(status).toBe(429);
      const says = /^message is .*, the limit is 4194304; send a reference to large data instead$/;
      expect(detail).toMatchObject({ code: "TOO_LARGE", message: expect.stringMatching(says) });
    }
  });

  test.each([
    ["text/plain", "Echo", "application/json"],
    ["application/xml", "Echo", "application/json"],
    ["application/json", "Count", "application/connect+json"],
  ])("refuses %s at %s and says what it takes", async (type, method, instead) => {
    const name = `parley.test.v1.EchoService/${method}`;
    const { status, detail } = await jsonCall(gateway.url, name, "{}", { headers: { "content-type": type } });
    expect(status).toBe(415);
    expect(detail).toMatchObject({ code: "UNDECODABLE", message: expect.stringContaining(instead) });
  });

  test("refuses other HTTP methods", async () => {
    for (const method of ["PUT", "DELETE", "OPTIONS"]) {
      const { status, detail } = await jsonCall(gateway.url, echo, "{}", { method });
      expect(status).toBe(405);
      expect(detail).toMatchObject({ code: "UNDECODABLE", message: expect.stringContaining(method) });
    }
  });

  test("gives every part of an agent's error, and none of the headers it came with", async () => {
    const { status, body, detail, headers } = await jsonCall(gateway.url, "parley.test.v1.EchoService/FailOnce", {
      code: "CONFLICT",
    });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: "aborted", message: 'told to fail with "CONFLICT"' });
    expect(detail).toMatchObject({ code: "CONFLICT", mayHaveRun: true, userMessage: "Sorry.", retryAfter: "2s" });
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("retry-after")).toBe("2");
  });

  test("bounds a call by the client's time, however long that is", async () => {
    const { clock } = edge;
    const slow = { text: "slow", wait: "10s", stubborn: true };
    for (const [header, dueMs] of [
      ["1500", 1500],
      ["9999999999", 5000],
    ] as const) {
      const answer = jsonCall(gateway.url, echo, slow, { headers: { "connect-timeout-ms": header } });
      await until(() => clock.nextDueInMs !== undefined && clock.nextDueInMs > dueMs - 500);
      expect(clock.nextDueInMs).toBeLessThanOrEqual(dueMs);
      await clock.advance(dueMs);
      const { status, detail } = await answer;
      expect(status).toBe(504);
      expect(detail).toMatchObject({ code: "DEADLINE_EXCEEDED", mayHaveRun: true });
    }
  });

  test("sets no timer that is too long for Node, which would fire at once", async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on("warning", onWarning);
    const empty = new Uint8Array(5);
    for (const timeout of ["99999999H", "9999999M", "99999999S"]) {
      const headers = { "content-type": "application/grpc", "grpc-timeout": timeout };
      expect((await jsonCall(gateway.url, echo, empty, { headers })).status).toBe(200);
    }
    const headers = { "connect-timeout-ms": "9999999999" };
    expect((await jsonCall(gateway.url, echo, {}, { headers })).status).toBe(200);
    process.off("warning", onWarning);
    expect(warnings).not.toContain("TimeoutOverflowWarning");
  });

  test("refuses a timeout that is none", async () => {
    const { status, detail } = await jsonCall(gateway.url, echo, {}, { headers: { "connect-timeout-ms": "soon" } });
    expect(status).toBe(400);
    expect(detail).toMatchObject({ code: "UNDECODABLE" });
  });

  test("lets the agent know when the client has gone", async () => {
    const before = state.aborted.length;
    const giveUp = new AbortController();
    const answer = jsonCall(gateway.url, echo, { text: "gone", wait: "15s" }, { signal: giveUp.signal });
    await until(() => (state.seen.at(-1) as { text: string }).text === "gone");
    giveUp.abort();
    await expect(answer).rejects.toThrow();
    await until(() => state.aborted.length > before);
  });

  test("tells a person at / what it is, and elsewhere that there is nothing", async () => {
    const page = await fetch(gateway.url);
    const words = await page.text();
    expect(page.status).toBe(200);
    expect(words).toContain("gateway of a Parley mesh");
    expect(words).toContain("parley.test.v1.EchoService/Echo");
    expect(words).not.toContain("Secret");
    for (const path of ["/favicon.ico", "/parley.test.v1.EchoService", "//", "/%00"]) {
      const response = await fetch(gateway.url + path);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain("GET / says what there is");
    }
    expect((await fetch(gateway.url, { method: "HEAD" })).status).toBe(200);
  });

  test("answers a request whose host is no part of a URL by 400 and lives", async () => {
    const { port } = new URL(gateway.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.end(`POST /${echo} HTTP/1.1\r\nhost: [\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400/);
    expect((await jsonCall(gateway.url, echo, { text: "still" })).status).toBe(200);
  });
});

test("a gateway for everything answers only to who asks for this machine by its own name", async () => {
  await using mesh = await testMesh({ agents: [echoAgent()] });
  await using all = await openGateway({ host: mesh, port: 0, exposure: "ALL" });
  const { port } = new URL(all.url);
  expect((await jsonCall(`http://localhost:${port}`, echo)).status).toBe(200);
  const socket = connect(Number(port), "127.0.0.1");
  socket.end(`GET / HTTP/1.1\r\nhost: evil.example:${port}\r\nconnection: close\r\n\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 403/);
});
