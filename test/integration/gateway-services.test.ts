// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Serving } from "@parley/contracts/grpc/health/v1/health_pb.js";
import { openGateway } from "@parley/gateway";
import { defineAgent, host, MeshError } from "@parley/mesh";
import { testBroker, testMesh } from "@parley/mesh/testing";
import { expect, test } from "vitest";
import { echoAgent, relayAgent } from "../agents/echo-agent.ts";
import { reflect } from "../grpc/dynamic-client.ts";
import { jsonCall } from "../tools/json-call.ts";
import { until } from "../tools/until.ts";

const echo = "parley.test.v1.EchoService/Echo";
const relay = "parley.test.v1.RelayService/Relay";

async function servicesAt(url: string): Promise<string> {
  return JSON.stringify(await reflect(url, { list_services: "" }));
}

test("a service is served as soon as an instance of it appears, by the contracts that the instance brings", async () => {
  await using edge = await testMesh({ agents: [] });
  await using gateway = await openGateway({ host: edge, port: 0, exposure: "PUBLIC" });
  expect((await jsonCall(gateway.url, echo, { text: "early" })).status).toBe(404);
  expect(await servicesAt(gateway.url)).not.toContain("EchoService");
  expect(await (await fetch(gateway.url)).text()).toContain("Nobody serves a public method now");

  await using _late = await testMesh({ agents: [echoAgent()], namespace: edge.namespace, clock: edge.clock });
  await until(async () => (await jsonCall(gateway.url, echo, { text: "late" })).status === 200);
  expect(await servicesAt(gateway.url)).toContain("EchoService");
});

test("a service whose last instance has left is unavailable at first, and then no longer known", async () => {
  await using edge = await testMesh({ agents: [] });
  const agents = await testMesh({ agents: [echoAgent()], namespace: edge.namespace, clock: edge.clock });
  await using patient = await openGateway({ host: edge, port: 0, exposure: "PUBLIC" });
  await using hasty = await openGateway({ host: edge, port: 0, exposure: "PUBLIC", lingerMs: 0 });
  const health = createClient(Health, createGrpcTransport({ baseUrl: patient.url }));
  const service = "parley.test.v1.EchoService";
  await until(async () => (await jsonCall(patient.url, echo, {})).status === 200);
  await until(async () => (await jsonCall(hasty.url, echo, {})).status === 200);

  await agents.drain();
  await until(() => edge.directory.all().length === 0);
  await until(async () => (await jsonCall(hasty.url, echo, {})).status === 404);
  const { status, detail } = await jsonCall(patient.url, echo, {});
  expect(status).toBe(503);
  expect(detail).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining('agent "test.echo"') });
  await expect(health.check({ service })).resolves.toMatchObject({ status: Serving.NOT_SERVING });

  await using _again = await testMesh({ agents: [echoAgent()], namespace: edge.namespace, clock: edge.clock });
  await until(async () => (await health.check({ service })).status === Serving.SERVING);
  expect((await jsonCall(patient.url, echo, {})).status).toBe(200);
});

test("a service that has gone is forgotten when its time is over, though nothing else happens", async () => {
  await using edge = await testMesh({ agents: [] });
  const agents = await testMesh({ agents: [echoAgent()], namespace: edge.namespace, clock: edge.clock });
  await using gateway = await openGateway({ host: edge, port: 0, exposure: "PUBLIC", lingerMs: 200 });
  await agents.drain();
  await until(async () => (await jsonCall(gateway.url, echo, {})).status === 404);
});

test("no call fails because other services come and go", async () => {
  await using edge = await testMesh({ agents: [echoAgent()] });
  await using gateway = await openGateway({ host: edge, port: 0, exposure: "PUBLIC", lingerMs: 0 });
  const statuses: number[] = [];
  let coming = true;
  const calling = (async () => {
    while (coming) statuses.push((await jsonCall(gateway.url, echo, { text: "steady" })).status);
  })();
  for (let round = 0; round < 3; round++) {
    const other = await testMesh({ agents: [relayAgent], namespace: edge.namespace, clock: edge.clock });
    await until(async () => (await jsonCall(gateway.url, relay, { text: "r" })).status === 200);
    await other.drain();
    await until(async () => (await jsonCall(gateway.url, relay, { text: "r" })).status === 404);
  }
  coming = false;
  await calling;
  expect(statuses.length).toBeGreaterThan(10);
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test("a gateway whose host has no agents but its own clock and broker needs nothing else", async () => {
  const agent = defineAgent({ name: "test.edge" });
  await using mesh = await testMesh({ agents: [echoAgent()] });
  await using edge = await host({ agents: [agent], broker: await testBroker(), namespace: mesh.namespace });
  await using gateway = await openGateway({ host: edge, port: 0, exposure: "PUBLIC" });
  const { body } = await jsonCall(gateway.url, echo, { text: "real" });
  expect(body).toMatchObject({ text: "real", source: "gateway" });
});

test("a port that is taken is a clear error", async () => {
  await using mesh = await testMesh({ agents: [] });
  await using gateway = await openGateway({ host: mesh, port: 0, exposure: "PUBLIC" });
  const port = Number(new URL(gateway.url).port);
  const second = openGateway({ host: mesh, port, exposure: "PUBLIC" });
  await expect(second).rejects.toThrow(MeshError);
  await expect(second).rejects.toMatchObject({
    code: "PORT_UNAVAILABLE",
    message: expect.stringContaining(String(port)),
  });
});
