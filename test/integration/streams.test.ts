// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { openGateway } from "@parley/gateway";
import { type Agent, defineAgent, type Implementation, serve } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { describe, expect, test } from "vitest";
import { echoAgent } from "../agents/echo-agent.ts";
import { type CountRequest, EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { until } from "../tools/until.ts";

/** Counts without end, and counts its own ends. */
function endless(): { readonly agent: Agent; readonly ended: () => number } {
  let ended = 0;
  const [echo] = echoAgent().serves;
  const implementation = {
    ...(echo?.implementation as unknown as Implementation<typeof EchoService>),
    async *count({ text }: CountRequest) {
      try {
        for (let number = 1; ; number++) yield { number, text };
      } finally {
        ended++;
      }
    },
  };
  const agent = defineAgent({ name: "test.echo", serves: [serve(EchoService, implementation)] });
  return { agent, ended: () => ended };
}

describe("a stream without end ends at its handler", () => {
  test.each(["local", "http"] as const)("when the one who called it leaves the loop (%s door)", async (door) => {
    const { agent, ended } = endless();
    await using mesh = await testMesh({ agents: [agent] });
    await using apart = await testMesh({ agents: [], namespace: mesh.namespace, clock: mesh.clock });
    await until(() => apart.directory.instancesOf(EchoService.typeName).length > 0);
    const caller: TestMesh = door === "local" ? mesh : apart;
    for await (const { number } of caller.client(EchoService).count({})) if (number === 3) break;
    await until(() => ended() === 1);
    expect(caller.observed.at(-1)).toMatchObject({ kind: "called", error: undefined });
  });

  test.each([
    ["Connect over HTTP/1.1", "an agent's own port"],
    ["gRPC", "an agent's own port"],
    ["Connect over HTTP/1.1", "the gateway"],
    ["gRPC", "the gateway"],
  ])("when a client that does not read all goes away (%s at %s)", async (protocol, where) => {
    const { agent, ended } = endless();
    await using mesh = await testMesh({ agents: [agent] });
    await using gateway = await openGateway({ host: mesh, port: 0, exposure: "PUBLIC" });
    const baseUrl = where === "the gateway" ? gateway.url : mesh.url;
    const grpc = protocol === "gRPC";
    const transport = grpc ? createGrpcTransport({ baseUrl }) : createConnectTransport({ baseUrl, httpVersion: "1.1" });
    const echo = createClient(EchoService, transport);
    // Over gRPC more than the contract lets run at once: each must give its place back. HTTP/1.1 buffers too much for that.
    for (let count = 1; count <= (grpc ? 70 : 2); count++) {
      const giveUp = new AbortController();
      const numbers = echo.count({ text: "x".repeat(10_000) }, { signal: giveUp.signal })[Symbol.asyncIterator]();
      await expect(numbers.next()).resolves.toMatchObject({ value: { number: 1 } });
      giveUp.abort();
      await until(() => ended() === count);
    }
  });
});
