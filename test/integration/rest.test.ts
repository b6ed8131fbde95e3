// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type Gateway, openGateway } from "@parley/gateway";
import { errorCodes } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accountAgent } from "../agents/account-agent.ts";
import { thingAgent, thingState } from "../agents/thing-agent.ts";
import { restCall } from "../tools/rest-call.ts";
import { until } from "../tools/until.ts";

/** What any HTTP client meets on the paths that contracts give. */
describe("the gateway, by REST", () => {
  const state = thingState();
  let agents: TestMesh;
  let edge: TestMesh;
  let gateway: Gateway;
  let operator: Gateway;
  const call = (...[request, body, headers]: readonly [string, (object | string)?, Record<string, string>?]) =>
    restCall(gateway.url, request, body, headers);

  beforeAll(async () => {
    agents = await testMesh({ agents: [thingAgent(state), accountAgent] });
    edge = await testMesh({ agents: [], namespace: agents.namespace, clock: agents.clock });
    await until(() => edge.directory.instancesOf("parley.test.v1.ThingService").length > 0);
    gateway = await openGateway({ host: edge, port: 0, exposure: "PUBLIC" });
    operator = await openGateway({ host: edge, port: 0, exposure: "ALL" });
  });

  afterAll(async () => {
    await operator.drain();
    await gateway.drain();
    await edge.drain();
    await agents.drain();
  });

  beforeEach(() => {
    state.gate = Promise.resolve();
  });

  describe("answers in JSON:", () => {
    test("fields by their names in the contract, also those that have their default [R48]", async () => {
      const { status, body, headers } = await call("POST /v1/things", { wrappedText: "x", large: "9007199254740993" });
      expect(status).toBe(200);
      expect(headers.get("content-type")).toBe("application/json");
      expect(body).toMatchObject({
        wrapped_text: "x",
        large: "9007199254740993",
        words: [],
        flag: false,
        kind: "THING_KIND_UNSPECIFIED",
      });
      expect(body).not.toHaveProperty("inner");
      expect(body).not.toHaveProperty("maybe");
    });

    test("one field of the answer where the contract says so", async () => {
      expect((await call("GET /v1/things")).body).toEqual([]);
    });

    test("an empty message as an empty object", async () => {
      expect(await call("DELETE /v1/things/a")).toMatchObject({ status: 200, body: {} });
    });

    test("or as whatever type the agent says, where the contract has a body of any type", async () => {
      const page = await call("GET /v1/things/%3Cb%3E/file", undefined, { accept: "text/html" });
      expect(page).toMatchObject({ status: 200, body: "<b>" });
      expect(page.headers.get("content-type")).toBe("text/html");
      expect(page.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
      const odd = await call("GET /v1/things/a/file?maybe=a%0Ab:c");
      expect(odd.headers.get("content-type")).toBe("application/octet-stream");
      const sent = await call("PUT /v1/things/a/file", "a,b", { "content-type": "text/csv" });
      expect(sent.body).toMatchObject({ text: "a", file: { content_type: "text/csv", data: "YSxi" } });
    });

    test("nothing that may be cached or taken for another type", async () => {
      const { headers } = await call("GET /v1/things/a");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    });

    test("only the headers to HEAD", async () => {
      expect(await call("HEAD /v1/things/a")).toMatchObject({ status: 200, body: "" });
      expect(await call("HEAD /v1/things:watch")).toMatchObject({ status: 200, body: "" });
      expect((await call("HEAD /v1/nothing")).status).toBe(404);
    });
  });

  describe("tells what went wrong as a problem:", () => {
    test("with all that the error of the agent says", async () => {
      const { status, body, headers } = await call("POST /v1/things:fail", { text: "OVERLOADED" });
      expect(status).toBe(429);
      expect(headers.get("content-type")).toBe("application/problem+json");
      expect(headers.get("retry-after")).toBe("2");
      expect(body).toEqual({
        type: "/docs/errors#OVERLOADED",
        title: errorCodes.OVERLOADED.sentence,
        status: 429,
        detail: 'told to fail with "OVERLOADED"',
        code: "OVERLOADED",
        class: "RATE_LIMIT",
        may_have_run: true,
        retry_after: 2,
        user_message: "Sorry.",
        violations: [{ field: "text", rule: "test", message: "as told" }],
      });
    });

    test.each([
      ["NOT_FOUND", 404],
      ["CONFLICT", 409],
      ["REFUSED", 422],
      ["PERMISSION_DENIED", 403],
      ["STORAGE_FULL", 507],
      ["defect", 500],
    ])("%s is %d", async (code, status) => {
      const { body, ...answer } = await call("POST /v1/things:fail", { text: code });
      expect(answer.status).toBe(status);
      expect(body).toMatchObject({ status, code: code === "defect" ? "INTERNAL" : code });
    });

    test("which fields break which rule", async () => {
      const { status, body } = await call(`GET /v1/things/${"x".repeat(41)}`);
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: "INVALID_MESSAGE", violations: [{ field: "text", rule: "string.max_len" }] });
    });

    test.each([
      ["a path that nobody has", 404, "GET /v1/nothing", undefined, {}, "UNIMPLEMENTED"],
      ["a method that is not public", 404, "GET /v1/hidden", undefined, {}, "UNIMPLEMENTED"],
      ["another HTTP method", 405, "PUT /v1/things/a", undefined, {}, "UNIMPLEMENTED"],
      ["a broken URL", 400, "GET /v1/things/%ff", undefined, {}, "UNDECODABLE"],
      ["a URL that is too long", 414, `GET /v1/things?word=${"x".repeat(4096)}`, undefined, {}, "UNDECODABLE"],
      ["a form", 415, "POST /v1/things", "a=b", { "content-type": "application/x-www-form-urlencoded" }, "UNDECODABLE"],
      ["a body of no type", 415, "POST /v1/things", "{}", { "content-type": "" }, "UNDECODABLE"],
      [
        "JSON in Latin-1",
        415,
        "POST /v1/things",
        "{}",
        { "content-type": "application/json; charset=latin1" },
        "UNDECODABLE",
      ],
      ["a compressed body", 415, "POST /v1/things", "{}", { "content-encoding": "gzip" }, "UNDECODABLE"],
      ["a client that takes no JSON", 406, "GET /v1/things/a", undefined, { accept: "text/html" }, "UNDECODABLE"],
      ["a client that takes no stream", 406, "GET /v1/things:watch", undefined, { accept: "image/png" }, "UNDECODABLE"],
      [
        "a body that is too large",
        413,
        "POST /v1/things",
        `{"text":"${"x".repeat(4 * 1024 * 1024)}"}`,
        {},
        "TOO_LARGE",
      ],
      ["what nests too deep", 400, "POST /v1/things", `{"value":${"[".repeat(100_000)}`, {}, "UNDECODABLE"],
    ] as const)("%s is %d", async (_, status, request, body, headers, code) => {
      const before = state.headers.length;
      const answer = await call(request, body, headers);
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({ status, code, class: errorCodes[code].errorClass, may_have_run: false });
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(state.headers.length).toBe(before);
    });

    test("which HTTP methods a path has", async () => {
      expect((await call("PUT /v1/things/a")).headers.get("allow")).toBe("OPTIONS, DELETE, GET, HEAD");
      const options = await call("OPTIONS /v1/things/a");
      expect(options.status).toBe(204);
      expect([...options.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    });

    test("a body that never says its length is refused as soon as it is too large", async () => {
      const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
      socket.write(
        "POST /v1/things HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
      );
      const chunk = `100000\r\n${"x".repeat(0x100000)}\r\n`;
      for (let sent = 0; sent < 5; sent++) socket.write(chunk);
      const answer = text(socket);
      await until(() => socket.bytesRead > 0);
      socket.end("0\r\n\r\n");
      expect(await answer).toMatch(/^HTTP\/1.1 413 /);
    });
  });

  describe("knows what headers say:", () => {
    const claims = {
      "ce-id": "claimed",
      "ce-source": "test.relay",
      "ce-correlationid": "claimed",
      "ce-hops": "31",
      "x-agent-id": "test.relay",
      "x-trace-id": "11111111111111111111111111111111",
    };

    test("who a client says it is goes nowhere", async () => {
      const { headers } = await call("GET /v1/things/a", undefined, claims);
      const header = state.headers.at(-1);
      expect(header).toMatchObject({ sourceAgentId: "gateway", hops: 0 });
      expect([header?.messageId, header?.correlationId]).not.toContain("claimed");
      expect(headers.get("x-trace-id")).not.toBe(claims["x-trace-id"]);
      expect(headers.get("x-correlation-id")).toBe(header?.correlationId);
    });

    test("conversation, flow and trace go in, flow and trace come back", async () => {
      const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
      const ids = {
        "x-conversation-id": "c-1",
        "x-correlation-id": "order:42",
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      };
      const { headers } = await call("GET /v1/things/a", undefined, ids);
      expect(state.headers.at(-1)).toMatchObject({ conversationId: "c-1", correlationId: "order:42" });
      expect(headers.get("x-correlation-id")).toBe("order:42");
      expect(headers.get("x-trace-id")).toBe(traceId);
      const failed = await call("POST /v1/things:fail", {}, ids);
      expect(failed.headers.get("x-trace-id")).toBe(traceId);
    });

    test.each([
      ["x-correlation-id", "two words"],
      ["x-correlation-id", "c".repeat(129)],
      ["x-conversation-id", "c".repeat(201)],
      ["x-timeout", "soon"],
      ["x-timeout", "0"],
    ])("%s: %s is refused", async (name, value) => {
      const { status, body } = await call("GET /v1/things/a", undefined, { [name]: value });
      expect(status).toBe(400);
      expect((body as { detail: string }).detail.toLowerCase()).toContain(`"${name}"`);
    });

    test("how long a client waits; never longer than the contract allows", async () => {
      const gate = Promise.withResolvers<void>();
      state.gate = gate.promise;
      const { begun } = state;
      const hasty = call("POST /v1/things", {}, { prefer: "respond-async, wait=2" });
      const patient = call("POST /v1/things", {}, { "x-timeout": "3600" });
      const both = call("POST /v1/things", {}, { prefer: "wait=60", "x-timeout": "1500ms" });
      await until(() => state.begun === begun + 3);
      await edge.advance(2_000);
      expect(await both).toMatchObject({ status: 504, body: { code: "DEADLINE_EXCEEDED", may_have_run: true } });
      const first = await hasty;
      expect(first.status).toBe(504);
      expect(first.headers.get("preference-applied")).toBe("wait=2");
      await edge.advance(3_000);
      expect((await patient).status).toBe(504);
      gate.resolve();
    });

    test("an idempotency key makes a method take effect once, where its contract names a field for it", async () => {
      const account = `a${Date.now()}`;
      const deposit = (key: string) =>
        restCall(operator.url, `POST /v1/accounts/${account}:deposit`, { amount: "5" }, { "idempotency-key": key });
      expect((await deposit('"k-1"')).body).toEqual({ balance: "5" });
      expect((await deposit("k-1")).body).toEqual({ balance: "5" });
      expect((await deposit("k-2")).body).toEqual({ balance: "10" });
    });

    test("elsewhere it is the id of the message, the same for each repeat of that method alone", async () => {
      const seen = state.keys.length;
      const key = { "idempotency-key": "same" };
      await call("POST /v1/things", {}, key);
      await call("POST /v1/things", {}, key);
      await call("POST /v1/things", {}, { "idempotency-key": "other" });
      await call("REPORT /v1/things", {}, key);
      await call("POST /v1/things", {});
      const [first, again, ...others] = state.keys.slice(seen);
      expect(again).toBe(first);
      expect(new Set([first, ...others]).size).toBe(4);
      expect((await call("POST /v1/things", {}, { "idempotency-key": "" })).status).toBe(200);
      expect((await call("POST /v1/things", {}, { "idempotency-key": "ü" })).status).toBe(400);
      expect((await call("GET /v1/things/a", undefined, { "idempotency-key": "not looked at" })).status).toBe(200);
    });
  });

  test("does nothing for pages of other origins, except what only reads", async () => {
    const site = (origin: string) => ({ "sec-fetch-site": origin });
    expect(await call("POST /v1/things", {}, site("cross-site"))).toMatchObject({
      status: 403,
      body: { code: "PERMISSION_DENIED" },
    });
    expect((await call("POST /v1/things/a:create", undefined, site("same-site"))).status).toBe(403);
    expect((await call("POST /v1/things", {}, site("same-origin"))).status).toBe(200);
    const read = await call("GET /v1/things/a", undefined, site("cross-site"));
    expect(read.status).toBe(200);
    expect(read.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("serves what is not public to the operator", async () => {
    expect((await restCall(operator.url, "GET /v1/hidden")).status).toBe(200);
  });

  test("lists its paths at /", async () => {
    expect(await (await fetch(gateway.url)).text()).toContain("  GET    /v1/things/{text}\n");
  });
});
