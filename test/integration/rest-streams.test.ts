// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type Gateway, openGateway } from "@parley/gateway";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { thingAgent, thingState } from "../agents/thing-agent.ts";
import { until } from "../tools/until.ts";

const sse = { accept: "text/event-stream" };

describe("a stream, by REST,", () => {
  const state = thingState();
  let mesh: TestMesh;
  let gateway: Gateway;

  beforeAll(async () => {
    mesh = await testMesh({ agents: [thingAgent(state)] });
    gateway = await openGateway({ host: mesh, port: 0, exposure: "PUBLIC" });
  });

  afterAll(async () => {
    await gateway.drain();
    await mesh.drain();
  });

  beforeEach(() => {
    state.gate = Promise.resolve();
    state.ended = 0;
    state.given = 0;
  });

  const watch = (query: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(`${gateway.url}/v1/things:watch?${query}`, { headers, signal: signal ?? null });

  test("comes as events to who asks for them, and says when it is over", async () => {
    const response = await watch("small=2&text=a", sse);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
    const blocks = (await response.text()).trimEnd().split("\n\n");
    expect(blocks).toHaveLength(3);
    expect(JSON.parse(blocks[0]?.replace(/^data: /, "") ?? "")).toMatchObject({ text: "a", small: 1, words: [] });
    expect(blocks[2]).toBe("event: end\ndata: {}");
  });

  test.each([
    undefined,
    "*/*",
    "application/json",
    "application/x-ndjson",
    "text/event-stream;q=0.5, application/jsonl",
  ])("comes as lines of JSON to who accepts %s", async (accept) => {
    const response = await watch("small=2&text=a", accept === undefined ? {} : { accept });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await response.text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ result: { small: 1 } }, { result: { small: 2 } }]);
  });

  test("that fails ends with a problem, in either form", async () => {
    const problem = { code: "NOT_FOUND", status: 404, user_message: "Sorry." };
    const blocks = (await (await watch("small=1&text=NOT_FOUND", sse)).text()).trimEnd().split("\n\n");
    const [name, data = ""] = blocks[1]?.split("\n") ?? [];
    expect(name).toBe("event: problem");
    expect(JSON.parse(data.slice("data: ".length))).toMatchObject(problem);
    const lines = (await (await watch("small=1&text=NOT_FOUND")).text()).trimEnd().split("\n");
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({ problem });
  });

  test("that cannot begin is a problem with its status", async () => {
    const response = await watch("small=x", sse);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "UNDECODABLE" });
  });

  test("sends each message as it comes, and its headers before the first", async () => {
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    const response = await watch("small=1", sse);
    expect(response.status).toBe(200);
    expect(state.given).toBe(0);
    gate.resolve();
    expect(await response.text()).toContain('"small":1');
  });

  test("ends in the agent when its client leaves", async () => {
    const leaving = new AbortController();
    const response = await watch("small=1000000", {}, leaving.signal);
    await response.body?.getReader().read();
    leaving.abort();
    await until(() => state.ended === 1);
  });

  test("goes no faster than its client reads", async () => {
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    socket.write("GET /v1/things:watch?small=1000000 HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await until(() => socket.bytesRead > 0);
    socket.pause();
    let before = -1;
    await until(async () => {
      const stands = state.given === before;
      before = state.given;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return stands && before > 0;
    });
    expect(state.given).toBeLessThan(1_000_000);
    socket.destroy();
    await until(() => state.ended === 1);
  });

  test("comes over HTTP/2 too", async () => {
    const session = connectHttp2(gateway.url);
    const stream = session.request({ ":path": "/v1/things:watch?small=2&text=REFUSED", ...sse });
    const body = await text(stream);
    expect(body.match(/^data: /gm)).toHaveLength(3);
    expect(body).toContain("event: problem");
    const unary = session.request({ ":path": "/v1/things/a" });
    expect(JSON.parse(await text(unary))).toMatchObject({ text: "a" });
    const wrong = session.request({ ":path": "/v1/things", ":method": "PUT" }).end();
    expect(JSON.parse(await text(wrong))).toMatchObject({ status: 405 });
    session.close();
  });

  test("ends with a problem when the gateway drains, and another can be begun elsewhere", async () => {
    const other = await openGateway({ host: mesh, port: 0, exposure: "PUBLIC", drainMs: 300 });
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    const response = await fetch(`${other.url}/v1/things:watch?small=5`, { headers: sse });
    const drained = other.drain();
    expect(await response.text()).toContain('"code":"DRAINING"');
    await drained;
    gate.resolve();
  });
});
