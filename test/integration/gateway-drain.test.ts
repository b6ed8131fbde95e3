// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { MeshErrorDetailSchema } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import { OperatorService } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import { openGateway } from "@parley/gateway";
import { operatorAgent } from "@parley/mesh/operator";
import { testMesh } from "@parley/mesh/testing";
import { expect, test } from "vitest";
import { echoAgent, echoState } from "../agents/echo-agent.ts";
import { EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { jsonCall } from "../tools/json-call.ts";
import { until } from "../tools/until.ts";

test("draining finishes the calls in progress, over every protocol, and takes no new ones", async () => {
  const state = echoState();
  const gate = Promise.withResolvers<void>();
  state.gate = gate.promise;
  await using mesh = await testMesh({ agents: [echoAgent(state)] });
  const gateway = await openGateway({ host: mesh, port: 0, exposure: "PUBLIC" });
  const clients = [
    createConnectTransport({ baseUrl: gateway.url, httpVersion: "1.1" }),
    createGrpcTransport({ baseUrl: gateway.url }),
  ].map((transport) => createClient(EchoService, transport));
  // Narrow waits for the gate; a third call at once would be refused, which shows that two are inside.
  const answers = clients.map((client) => client.narrow({}));
  await until(async () => (await jsonCall(gateway.url, "parley.test.v1.EchoService/Narrow")).status === 429);

  const drained = gateway.drain();
  await until(async () => {
    try {
      await fetch(gateway.url);
      return false;
    } catch {
      return true;
    }
  });
  gate.resolve();
  await expect(Promise.all(answers)).resolves.toHaveLength(2);
  await drained;
  await gateway.drain();
});

test("draining ends streams that would never end, and tells their clients to come again", async () => {
  const { agent, attach } = operatorAgent();
  await using mesh = await testMesh({ agents: [agent] });
  attach(mesh);
  const gateway = await openGateway({ host: mesh, port: 0, exposure: "ALL", drainMs: 3_000 });
  const operator = createClient(OperatorService, createGrpcTransport({ baseUrl: gateway.url }));
  const tail = Array.fromAsync(operator.tailEvents({})).catch((error: unknown) => error);
  const tails = async () => {
    const names: string[] = [];
    for await (const { name } of mesh.broker.manager.consumers.list(`${mesh.namespace}_EVENTS`)) names.push(name);
    return names.filter((name) => name.startsWith("tail-"));
  };
  await until(async () => (await tails()).length === 1);
  await gateway.drain();
  const error = (await tail) as ConnectError;
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.code).toBe(Code.Unavailable);
  expect(error.findDetails(MeshErrorDetailSchema)).toMatchObject([{ code: "DRAINING" }]);
  await until(async () => (await tails()).length === 0);
});

test("draining cuts off what takes too long", async () => {
  const state = echoState();
  const gate = Promise.withResolvers<void>();
  state.gate = gate.promise;
  await using mesh = await testMesh({ agents: [echoAgent(state)] });
  const gateway = await openGateway({ host: mesh, port: 0, exposure: "PUBLIC", drainMs: 50 });
  const client = createClient(EchoService, createGrpcTransport({ baseUrl: gateway.url }));
  const cut = [client.narrow({}), client.narrow({})].map((answer) => answer.catch((error: unknown) => error));
  await until(async () => (await jsonCall(gateway.url, "parley.test.v1.EchoService/Narrow")).status === 429);
  await gateway.drain();
  for (const error of await Promise.all(cut)) expect(error).toBeInstanceOf(ConnectError);
  gate.resolve();
});
