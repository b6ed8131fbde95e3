// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Serving } from "@parley/contracts/grpc/health/v1/health_pb.js";
import { type MeshErrorDetail, MeshErrorDetailSchema } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import { type Gateway, openGateway } from "@parley/gateway";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EchoState, echoAgent, echoState, relayAgent } from "../agents/echo-agent.ts";
import { EchoService, FailRequestSchema } from "../gen/parley/test/v1/echo_pb.js";
import { dynamicGrpcClient, reflect } from "../grpc/dynamic-client.ts";
import { until } from "../tools/until.ts";

const state: EchoState = echoState();
let mesh: TestMesh;
let gateway: Gateway;

beforeAll(async () => {
  mesh = await testMesh({ agents: [echoAgent(state), relayAgent] });
  gateway = await openGateway({ host: mesh, port: 0, exposure: "PUBLIC" });
});

afterAll(async () => {
  await gateway.drain();
  await mesh.drain();
});

const transports: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  "Connect, JSON over HTTP/1.1": (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  "Connect, binary over HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC with JSON": (baseUrl) => createGrpcTransport({ baseUrl, useBinaryFormat: false }),
  "gRPC-Web over HTTP/1.1": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "gRPC-Web over HTTP/2": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
};

/** Every client of Connect's own meets the same gateway, whatever it speaks. */
describe.each(Object.keys(transports))("the gateway, by %s", (name) => {
  let transport: Transport;
  let echo: Client<typeof EchoService>;

  beforeEach(() => {
    transport = transports[name]?.(gateway.url) as Transport;
    echo = createClient(EchoService, transport);
  });

  test("answers, and tells the trace", async () => {
    let traceId: string | null = null;
    const onHeader = (headers: Headers) => {
      traceId = headers.get("x-trace-id");
    };
    await expect(echo.echo({ text: "hi" }, { onHeader })).resolves.toMatchObject({ text: "hi", source: "gateway" });
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  test("streams", async () => {
    const answers = await Array.fromAsync(echo.count({ count: 3, text: "n" }));
    expect(answers.map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  test("ends a stream with the agent's error after the elements before it", async () => {
    const numbers: number[] = [];
    const run = async () => {
      for await (const { number } of echo.count({ count: 5, failAfter: 2 })) numbers.push(number);
    };
    const { error, detail } = await failure(run());
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(detail).toMatchObject({ code: "REFUSED", mayHaveRun: true });
    expect(numbers).toEqual([1, 2]);
  });

  test("lets the agent know when the client has gone", async () => {
    const before = state.aborted.length;
    const giveUp = new AbortController();
    const answer = failure(echo.echo({ text: name, wait: { seconds: 15n } }, { signal: giveUp.signal }));
    await until(() => (state.seen.at(-1) as { text: string } | undefined)?.text === name);
    giveUp.abort();
    await answer;
    await until(() => state.aborted.length > before);
  });

  test("gives every part of an agent's error", async () => {
    const { error, detail } = await failure(echo.failOnce({ code: "CONFLICT" }));
    expect(error).toMatchObject({ code: Code.Aborted, rawMessage: 'told to fail with "CONFLICT"' });
    expect(detail).toMatchObject({ code: "CONFLICT", userMessage: "Sorry.", mayHaveRun: true });
    expect(error.metadata.get("retry-after")).toBe("2");
  });

  test("names broken rules", async () => {
    const { error, detail } = await failure(echo.echo({ text: "x".repeat(101) }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(detail).toMatchObject({ code: "INVALID_MESSAGE", violations: [{ field: "text", rule: "string.max_len" }] });
  });

  test("refuses what is not the message of the method, with the mesh's own error", async () => {
    const { echo: unary, count } = EchoService.method;
    const wrongUnary = { ...unary, input: FailRequestSchema } as unknown as typeof unary;
    const wrongStream = { ...count, input: FailRequestSchema } as unknown as typeof count;
    // The field of one is no field of the other in JSON, and of another type in binary.
    const answers = [
      () => transport.unary(wrongUnary, undefined, undefined, undefined, { times: 300, code: "c" } as never),
      () => drained(transport, wrongStream as never, { times: 300, code: "c" }),
    ];
    for (const answer of answers) {
      const { error, detail } = await failure(answer());
      expect(error.code).toBe(Code.InvalidArgument);
      expect(detail).toMatchObject({ code: "UNDECODABLE", mayHaveRun: false });
    }
  });

  test("refuses what is too large, with the mesh's own error", async () => {
    const text = "x".repeat(4 * 1024 * 1024);
    for (const answer of [() => echo.echo({ text }), () => Array.fromAsync(echo.count({ text }))]) {
      const { error, detail } = await failure(answer());
      expect(error.code).toBe(Code.ResourceExhausted);
      expect(detail).toMatchObject({ code: "TOO_LARGE", mayHaveRun: false });
      expect(error.rawMessage).toMatch(/, the limit is 4194304; send a reference to large data instead$/);
    }
  });

  test("shows nothing by which a method that is not public differs from one that does not exist", async () => {
    const { secret } = EchoService.method;
    const unknown = { ...secret, name: "Sekret" } as typeof secret;
    const [hidden, absent] = await Promise.all(
      [secret, unknown].map((method) =>
        failure(transport.unary(method, undefined, undefined, undefined, {})).then(({ error, detail }) => ({
          code: error.code,
          message: error.rawMessage.replace("Sekret", "Secret"),
          headers: [...error.metadata.keys()].sort(),
          detail: detail?.code,
        })),
      ),
    );
    expect(hidden).toMatchObject({ code: Code.Unimplemented, detail: "UNIMPLEMENTED" });
    expect(hidden).toEqual(absent);
  });
});

describe("the gateway, by stock gRPC tools that learn its services by reflection", () => {
  const standard = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];

  test.each(["v1", "v1alpha"] as const)("lists public services only (%s)", async (version) => {
    const answer = await reflect(gateway.url, { list_services: "" }, version);
    expect(answer["list_services_response"]).toEqual({
      service: [
        ...standard,
        "grpc.reflection.v1alpha.ServerReflection",
        "parley.test.v1.EchoService",
        "parley.test.v1.RelayService",
      ].map((service) => ({ name: service })),
    });
  });

  test("calls and streams", async () => {
    const client = await dynamicGrpcClient(gateway.url, "parley.test.v1.EchoService");
    await expect(client.call("Echo", { text: "dynamic" })).resolves.toMatchObject({
      text: "dynamic",
      source: "gateway",
    });
    const numbers = await Array.fromAsync(client.stream("Count", { count: 2 }));
    expect(numbers).toMatchObject([{ number: 1 }, { number: 2 }]);
    client.close();
  });

  test("shows nothing of a method that is not public", async () => {
    const client = await dynamicGrpcClient(gateway.url, "parley.test.v1.EchoService");
    expect(client.methods).toContain("Echo");
    expect(client.methods).not.toContain("Secret");
    client.close();
    for (const symbol of ["parley.test.v1.EchoService.Secret", "parley.mesh.v1.OperatorService"]) {
      const answer = await reflect(gateway.url, { file_containing_symbol: symbol });
      expect(answer).toMatchObject({ error_response: { error_code: Code.NotFound } });
    }
  });

  test("knows the type of the details of its errors", async () => {
    const answer = await reflect(gateway.url, { file_containing_symbol: "parley.mesh.v1.MeshErrorDetail" });
    expect(answer).toHaveProperty("file_descriptor_response");
  });

  test("says that it serves, as a whole and by service", async () => {
    const health = createClient(Health, createGrpcTransport({ baseUrl: gateway.url }));
    for (const service of ["", "liveness", "readiness", "parley.test.v1.EchoService"]) {
      await expect(health.check({ service })).resolves.toMatchObject({ status: Serving.SERVING });
    }
    await expect(health.check({ service: "parley.mesh.v1.OperatorService" })).rejects.toMatchObject({
      code: Code.NotFound,
    });
  });
});

async function drained(transport: Transport, method: never, request: object): Promise<void> {
  async function* once() {
    yield request as never;
  }
  const response = await transport.stream(method, undefined, undefined, undefined, once());
  for await (const _ of response.message);
}

async function failure(
  answer: Promise<unknown>,
): Promise<{ error: ConnectError; detail: MeshErrorDetail | undefined }> {
  const thrown = await answer.then(
    () => new Error("it did not fail"),
    (error: unknown) => error,
  );
  if (!(thrown instanceof ConnectError)) throw thrown;
  return { error: thrown, detail: thrown.findDetails(MeshErrorDetailSchema)[0] };
}
