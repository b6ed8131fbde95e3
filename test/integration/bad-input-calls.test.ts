// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { durationFromMs, ListValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { status as grpcStatus } from "@grpc/grpc-js";
import { MeshErrorDetailSchema } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { echoAgent, relayAgent } from "../agents/echo-agent.ts";
import { EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { type DynamicClient, dynamicGrpcClient } from "../grpc/dynamic-client.ts";

const service = "parley.test.v1.EchoService";
let mesh: TestMesh;
let dynamic: DynamicClient;

beforeAll(async () => {
  mesh = await testMesh({ agents: [echoAgent(), relayAgent] });
  dynamic = await dynamicGrpcClient(mesh.url, service);
});

afterAll(async () => {
  dynamic.close();
  await mesh.drain();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** What curl does: one POST over HTTP/1.1. */
async function post(
  method: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const init = { method: "POST", body, headers: { "content-type": "application/json", ...headers } };
  const response = await fetch(`${mesh.url}/${method}`, init);
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : { text } };
}

describe("a stock gRPC client that learns the contract by reflection [R57]", () => {
  test("calls an agent", async () => {
    await expect(dynamic.call("Echo", { text: "hi" })).resolves.toMatchObject({ text: "hi", source: "anonymous" });
  });

  test("reads a stream, and its error behind it", async () => {
    const numbers: unknown[] = [];
    const run = async () => {
      for await (const { number } of dynamic.stream("Count", { count: 5, fail_after: 2 })) numbers.push(number);
    };
    await expect(run()).rejects.toMatchObject({ code: grpcStatus.FAILED_PRECONDITION, details: "no more than 2" });
    expect(numbers).toEqual([1, 2]);
  });

  test("gets the code of the table for every class of failure", async () => {
    const codeOf = (code: string) => dynamic.call("FailOnce", { code }).catch((error: { code: number }) => error.code);
    expect(await codeOf("NOT_FOUND")).toBe(grpcStatus.NOT_FOUND);
    expect(await codeOf("CONFLICT")).toBe(grpcStatus.ABORTED);
    expect(await codeOf("OVERLOADED")).toBe(grpcStatus.RESOURCE_EXHAUSTED);
    expect(await codeOf("UNAVAILABLE")).toBe(grpcStatus.UNAVAILABLE);
  });

  test("is told what is wrong with its request", async () => {
    await expect(dynamic.call("Echo", { text: "x".repeat(101) })).rejects.toMatchObject({
      code: grpcStatus.INVALID_ARGUMENT,
      details: expect.stringContaining("text"),
    });
  });

  test("gets its deadline", async () => {
    const slow = { text: "slow", wait: { seconds: "0", nanos: 300_000_000 }, stubborn: true };
    await expect(dynamic.call("Echo", slow, { deadlineMs: 30 })).rejects.toMatchObject({
      code: grpcStatus.DEADLINE_EXCEEDED,
    });
  });
});

describe("JSON over HTTP/1.1, as curl sends it", () => {
  test("calls an agent", async () => {
    const answer = await post(`${service}/Echo`, '{"text":"hi"}', { "x-agent-id": "crm", "x-conversation-id": "c-1" });
    expect(answer).toMatchObject({ status: 200, body: { text: "hi", source: "crm", conversationId: "c-1" } });
  });

  test("reads by GET what has no side effects", async () => {
    const query = new URLSearchParams({ connect: "v1", encoding: "json", message: '{"text":"hi"}' });
    const response = await fetch(`${mesh.url}/${service}/Echo?${query}`);
    expect([response.status, await response.json()]).toMatchObject([200, { text: "hi" }]);
    expect((await fetch(`${mesh.url}/${service}/Say?${query}`)).status).toBe(405);
  });

  test("may hold fields that the agent does not know yet", async () => {
    expect(await post(`${service}/Echo`, '{"text":"hi","later":1}')).toMatchObject({
      status: 200,
      body: { text: "hi" },
    });
  });

  type Wrong = readonly [
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
    status: number,
    connectCode: string,
    code: string,
  ];
  const wrong: Record<string, Wrong> = {
    "no JSON": ["{", {}, 400, "invalid_argument", "UNDECODABLE"],
    "JSON of another shape": ['{"text":{"a":1}}', {}, 400, "invalid_argument", "UNDECODABLE"],
    "JSON that nests too deep": [
      `${'{"wait":'.repeat(40)}1${"}".repeat(40)}`,
      {},
      400,
      "invalid_argument",
      "UNDECODABLE",
    ],
    "bytes that are no UTF-8": [
      Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d),
      {},
      400,
      "invalid_argument",
      "UNDECODABLE",
    ],
    "bytes that are no protobuf": [
      Uint8Array.of(0xff, 0xff),
      { "content-type": "application/proto" },
      400,
      "invalid_argument",
      "UNDECODABLE",
    ],
    "a broken rule": [`{"text":"${"x".repeat(101)}"}`, {}, 400, "invalid_argument", "INVALID_MESSAGE"],
    "a body above the limit": [`{"text":"${"x".repeat(5_000_000)}"}`, {}, 429, "resource_exhausted", "TOO_LARGE"],
    "an unknown compression": ["x", { "content-encoding": "br2" }, 501, "unimplemented", "UNIMPLEMENTED"],
    "a timeout that is none": ["{}", { "connect-timeout-ms": "soon" }, 400, "invalid_argument", "UNDECODABLE"],
    "a header that is none of the mesh's": [
      "{}",
      { "ce-id": "m-1", "ce-type": "t", "ce-source": "s", "ce-hops": "many" },
      400,
      "invalid_argument",
      "UNDECODABLE",
    ],
  };

  test.each(Object.entries(wrong))(
    "with %s gets an error of the table",
    async (_, [body, headers, status, connectCode, code]) => {
      const answer = await post(`${service}/Echo`, body, headers);
      const details = [{ type: MeshErrorDetailSchema.typeName, debug: { code } }];
      expect(answer).toMatchObject({ status, body: { code: connectCode, details } });
    },
  );

  test("in another content type gets 415, to an unknown place 404", async () => {
    expect(await post(`${service}/Echo`, "text", { "content-type": "text/plain" })).toMatchObject({
      status: 415,
      body: {
        message: expect.stringContaining('content-type "text/plain"'),
        details: [{ debug: { code: "UNDECODABLE" } }],
      },
    });
    const unknown = { status: 404, body: { code: "unimplemented", details: [{ debug: { code: "UNIMPLEMENTED" } }] } };
    expect(await post(`${service}/Nothing`, "{}")).toMatchObject(unknown);
    expect(await post("evil.Service/Echo", "{}")).toMatchObject(unknown);
    expect((await post("..%2f..%2fetc/passwd", "{}")).status).toBe(404);
    expect((await fetch(mesh.url)).status).toBe(404);
  });

  test("gets deadline_exceeded when the time that it asked for is over", async () => {
    const slow = JSON.stringify({ text: "slow", wait: "0.3s", stubborn: true });
    expect(await post(`${service}/Echo`, slow, { "connect-timeout-ms": "30" })).toMatchObject({
      status: 504,
      body: { code: "deadline_exceeded" },
    });
  });

  test("without the name of a known caller gets no further than the contract allows [R41]", async () => {
    expect(await post(`${service}/Secret`, "{}")).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    const stranger = { "x-agent-id": "test.echo" };
    expect(await post(`${service}/Secret`, "{}", stranger)).toMatchObject({
      status: 403,
      body: { code: "permission_denied" },
    });
    expect(await post(`${service}/Secret`, "{}", { "x-agent-id": "test.relay" })).toMatchObject({ status: 200 });
  });
});

const transports: Record<string, () => Transport> = {
  "Connect over HTTP/1.1": () => createConnectTransport({ baseUrl: mesh.url, httpVersion: "1.1" }),
  "Connect over HTTP/2, in JSON": () =>
    createConnectTransport({ baseUrl: mesh.url, httpVersion: "2", useBinaryFormat: false }),
  gRPC: () => createGrpcTransport({ baseUrl: mesh.url }),
  "gRPC-Web": () => createGrpcWebTransport({ baseUrl: mesh.url, httpVersion: "1.1" }),
};

describe.each(Object.entries(transports))("%s", (_, open) => {
  const client = () => createClient(EchoService, open());

  test("calls, streams and gets the whole error of the mesh", async () => {
    await expect(client().echo({ text: "hi" })).resolves.toMatchObject({ text: "hi" });
    const numbers = await Array.fromAsync(client().count({ count: 3 }), ({ number }) => number);
    expect(numbers).toEqual([1, 2, 3]);
    const error = ConnectError.from(
      await client()
        .failOnce({ code: "CONFLICT" })
        .catch((thrown: unknown) => thrown),
    );
    expect(error.code).toBe(Code.Aborted);
    expect(error.metadata.get("retry-after")).toBe("2");
    expect(error.findDetails(MeshErrorDetailSchema)).toMatchObject([
      { code: "CONFLICT", userMessage: "Sorry.", mayHaveRun: true, violations: [{ field: "code", rule: "test" }] },
    ]);
  });

  test("is told by the mesh's own error what cannot be read, or is not served, and that it has not run", async () => {
    const { echo, count } = EchoService.method;
    const transport = open();
    // An array in JSON, and in binary bytes that are no text.
    const wrong = { values: [{ kind: { case: "numberValue", value: 1e300 } }] } as never;
    const unary = { ...echo, input: ListValueSchema } as unknown as typeof echo;
    const stream = { ...count, input: ListValueSchema } as unknown as typeof count;
    const failures = [
      transport.unary(unary, undefined, undefined, undefined, wrong),
      drained(transport, stream as never, wrong),
      transport.unary({ ...echo, name: "Nothing" } as typeof echo, undefined, undefined, undefined, {}),
      client().echo({ text: "x".repeat(4 * 1024 * 1024) }),
    ].map((answer) => answer.then(() => undefined, ConnectError.from));
    const details = (await Promise.all(failures)).map((error) => error?.findDetails(MeshErrorDetailSchema));
    expect(details).toMatchObject([
      [{ code: "UNDECODABLE", mayHaveRun: false }],
      [{ code: "UNDECODABLE", mayHaveRun: false }],
      [{ code: "UNIMPLEMENTED", mayHaveRun: false }],
      [{ code: "TOO_LARGE", mayHaveRun: false }],
    ]);
  });

  test("is told of its deadline, and ends the handler's work by it", async () => {
    const slow = { text: "slow", wait: durationFromMs(300), stubborn: true };
    const failure = client().echo(slow, { timeoutMs: 30 });
    await expect(failure).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });
});

async function drained(transport: Transport, method: never, request: never): Promise<void> {
  async function* once() {
    yield request;
  }
  const response = await transport.stream(method, undefined, undefined, undefined, once());
  for await (const _ of response.message);
}
