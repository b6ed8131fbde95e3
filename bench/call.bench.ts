// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import { defineAgent, host } from "@parley/mesh";
import { startServer } from "@parley/mesh/broker";
import { echoAgent } from "../test/agents/echo-agent.ts";
import { EchoResponseSchema, EchoService } from "../test/gen/parley/test/v1/echo_pb.js";
import { measure, report } from "./measure.ts";

/**
 * What does a mesh call cost over a plain connect-node call? Both over HTTP/2 with protobuf, in one process, one after the
 * other; the mesh call adds directory, header, trace, validation, budgets, permission and retries. And the local door.
 */
export async function run(): Promise<void> {
  const storeDir = await mkdtemp(join(tmpdir(), "parley-bench-"));
  const server = await startServer({ storeDir });
  const plain = await plainEcho();
  const broker = server.url;
  const serving = await host({ agents: [echoAgent()], broker, namespace: "bench" });
  const caller = await host({ agents: [defineAgent({ name: "bench.caller" })], broker, namespace: "bench" });
  try {
    const request = { text: "hello" };
    const remote = caller.client(EchoService);
    const local = serving.client(EchoService);
    for (const callers of [1, 64]) {
      const options = { callers, forMs: 2_000 };
      const of = `${callers} ${callers === 1 ? "caller" : "callers"}`;
      const peer = await measure(() => plain.client.echo(request), options);
      report(`plain connect-node, ${of}`, peer);
      report(`mesh over the network, ${of}`, await measure(() => remote.echo(request), options), peer);
      report(`mesh in one process, ${of}`, await measure(() => local.echo(request), options), peer);
    }
  } finally {
    await caller.drain();
    await serving.drain();
    plain.close();
    await server.stop();
    await rm(storeDir, { recursive: true, force: true });
  }
}

async function plainEcho() {
  const handler = connectNodeAdapter({
    routes: (router) =>
      router.service(EchoService, { echo: ({ text }) => create(EchoResponseSchema, { text, source: "plain" }) }),
  });
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const transport = createConnectTransport({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "2" });
  return { client: createClient(EchoService, transport), close: () => server.close() };
}
