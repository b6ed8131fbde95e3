// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { request } from "node:http";
import { Code, type ConnectRouter, createClient, type Transport } from "@connectrpc/connect";
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EchoService } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { dynamicGrpcClient } from "../../../test/grpc/dynamic-client.ts";
import { Contracts } from "../contracts/contracts.ts";
import { callLimits } from "./limits.ts";
import { openPort, type Port } from "./port.ts";
import { mountReflection } from "./reflection.ts";

function routes(router: ConnectRouter): void {
  router.service(EchoService, {
    echo: ({ text }, { protocolName, requestHeader }) => ({
      text,
      source: protocolName,
      conversationId: requestHeader.get("x-conversation-id") ?? "",
    }),
    async *count({ count, text }) {
      for (let number = 1; number <= count; number += 1) yield { number, text };
    },
  });
  mountReflection(router, Contracts.of({ services: [EchoService] }).registry);
}

let port: Port;
beforeAll(async () => {
  port = await openPort({ handler: connectNodeAdapter({ ...callLimits, routes }) });
});
afterAll(() => port.close());

interface Peer {
  readonly name: string;
  /** Protocol that the handler sees. */
  readonly protocol: string;
  transport(baseUrl: string, sessionManager: Http2SessionManager): Transport;
}

const peers: readonly Peer[] = [
  {
    name: "Connect over HTTP/1.1",
    protocol: "connect",
    transport: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  },
  {
    name: "Connect over HTTP/2",
    protocol: "connect",
    transport: (baseUrl, sessionManager) => createConnectTransport({ baseUrl, httpVersion: "2", sessionManager }),
  },
  {
    name: "Connect as JSON over HTTP/1.1",
    protocol: "connect",
    transport: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  },
  {
    name: "Connect by GET over HTTP/1.1",
    protocol: "connect",
    transport: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true }),
  },
  {
    name: "gRPC over HTTP/2",
    protocol: "grpc",
    transport: (baseUrl, sessionManager) => createGrpcTransport({ baseUrl, sessionManager }),
  },
  {
    name: "gRPC-Web over HTTP/1.1",
    protocol: "grpc-web",
    transport: (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  },
  {
    name: "gRPC-Web over HTTP/2",
    protocol: "grpc-web",
    transport: (baseUrl, sessionManager) => createGrpcWebTransport({ baseUrl, httpVersion: "2", sessionManager }),
  },
];

describe.each(peers)("one port serves $name", ({ transport, protocol }) => {
  test("calls, streams and errors", async () => {
    const sessionManager = new Http2SessionManager(port.url);
    try {
      const echo = createClient(EchoService, transport(port.url, sessionManager));
      expect(await echo.echo({ text: "hi" })).toMatchObject({ text: "hi", source: protocol });
      const numbers: number[] = [];
      for await (const { number } of echo.count({ count: 3 })) numbers.push(number);
      expect(numbers).toEqual([1, 2, 3]);
      await expect(echo.secret({})).rejects.toMatchObject({ code: Code.Unimplemented });
      const large = echo.fail({ code: "x".repeat(callLimits.readMaxBytes + 1) });
      await expect(large).rejects.toMatchObject({ code: Code.ResourceExhausted });
      expect(await echo.echo({ text: "still there" })).toMatchObject({ text: "still there" });
    } finally {
      sessionManager.abort();
    }
  });
});

describe("one port serves plain HTTP/1.1 with JSON", () => {
  const path = "/parley.test.v1.EchoService/Echo";
  const headers = { "content-type": "application/json" };

  test("as curl sends it", async () => {
    const response = await fetch(port.url + path, { method: "POST", headers, body: '{"text":"hi"}' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ text: "hi", source: "connect" });
  });

  test("over node:http, several requests on one connection, bodies in pieces", async () => {
    const { Agent } = await import("node:http");
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (const text of ["one", "two", "three"]) {
      const body = await new Promise<string>((resolve, reject) => {
        const call = request(port.url + path, { method: "POST", headers, agent }, (response) => {
          let received = "";
          response
            .on("data", (chunk) => {
              received += chunk;
            })
            .on("end", () => resolve(received));
        });
        call.on("socket", (socket) => ports.add(socket.localPort)).on("error", reject);
        call.write('{"te');
        setImmediate(() => call.end(`xt":"${text}"}`));
      });
      expect(JSON.parse(body)).toMatchObject({ text });
    }
    agent.destroy();
    // The first request has no local port yet when its socket is assigned.
    ports.delete(undefined);
    expect(ports.size).toBe(1);
  });

  test("and refuses wrong content types, JSON and paths by status", async () => {
    const post = (target: string, init: RequestInit) => fetch(port.url + target, { method: "POST", ...init });
    expect((await post(path, { headers: { "content-type": "text/plain" }, body: "hi" })).status).toBe(415);
    const broken = await post(path, { headers, body: "{" });
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ code: "invalid_argument" });
    const deep = await post(path, { headers, body: `${"[".repeat(100_000)}${"]".repeat(100_000)}` });
    expect(deep.status).toBe(400);
    expect((await post("/parley.test.v1.EchoService/Nothing", { headers, body: "{}" })).status).toBe(404);
  });
});

test("a gRPC client without our code learns the service by reflection and calls it", async () => {
  const echo = await dynamicGrpcClient(port.url, "parley.test.v1.EchoService");
  try {
    expect(await echo.call("Echo", { text: "hi" })).toMatchObject({ text: "hi", source: "grpc" });
    const numbers: unknown[] = [];
    for await (const { number } of echo.stream("Count", { count: 2 })) numbers.push(number);
    expect(numbers).toEqual([1, 2]);
    await expect(echo.call("Secret", {})).rejects.toMatchObject({ code: Code.Unimplemented });
  } finally {
    echo.close();
  }
});

test("a gRPC call in progress is answered during a drain, and a later one finds nobody", async () => {
  let entered = () => {};
  const running = new Promise<void>((resolve) => {
    entered = resolve;
  });
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const draining = await openPort({
    handler: connectNodeAdapter({
      routes(router) {
        mountReflection(router, Contracts.of({ services: [EchoService] }).registry);
        router.service(EchoService, {
          async echo({ text }) {
            entered();
            await released;
            return { text };
          },
        });
      },
    }),
  });
  const echo = await dynamicGrpcClient(draining.url, "parley.test.v1.EchoService");
  const call = echo.call("Echo", { text: "in time" });
  await running;
  const drained = draining.drain(60_000);
  await expect(echo.call("Echo", { text: "too late" })).rejects.toMatchObject({ code: Code.Unavailable });
  release();
  expect(await call).toMatchObject({ text: "in time" });
  await drained;
  echo.close();
});
