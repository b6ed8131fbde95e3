// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createServer, type Server } from "node:net";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { Health } from "@parley/contracts/grpc/health/v1/health_pb.js";
import { type Agent, defineAgent, type HostOptions, host, on, type Served, serve } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { echoAgent } from "../agents/echo-agent.ts";
import { EchoSaidSchema, EchoService } from "../gen/parley/test/v1/echo_pb.js";
import {
  LetterboxService,
  NewsPrintedSchema,
  NewsSignedSchema,
  NewsToldSchema,
} from "../gen/parley/test/v1/news_pb.js";
import { until } from "../tools/until.ts";

let mesh: TestMesh;

beforeAll(async () => {
  mesh = await testMesh({ agents: [defineAgent({ name: "test.witness" })] });
});

afterAll(() => mesh.drain());

/** Starts a host that must not start, and sees to it that nothing of it stays open. */
async function refusal(agents: readonly Agent[], options: Partial<HostOptions> = {}): Promise<unknown> {
  const before = openResources();
  const started = host({ agents, broker: inject("natsUrl"), namespace: mesh.namespace, ...options });
  const outcome = await started.then(
    () => "it started",
    (error: unknown) => error,
  );
  await until(() => openResources().every((count, index) => count <= (before[index] ?? 0)));
  expect(mesh.directory.all().map(({ name }) => name)).toEqual(["test.witness"]);
  return outcome;
}

/** Sockets and servers that keep this process alive, or would. */
function openResources(): readonly number[] {
  const names = process.getActiveResourcesInfo();
  return ["TCPSocketWrap", "TCPServerWrap"].map((name) => names.filter((each) => each === name).length);
}

const serving = (name: string, ...serves: Served[]) => defineAgent({ name, serves });
const hearing = (event: Parameters<typeof on>[0]) =>
  defineAgent({ name: "test.new", hears: [on(event, { name: "x" }, () => {})] });
const [echo] = echoAgent().serves as [Served];

const refused: Record<string, readonly [agents: readonly Agent[], code: string, named: string]> = {
  "an agent that serves what belongs to another": [[serving("test.thief", echo)], "REFUSED", "test.echo"],
  "a service that is served twice": [[serving("test.echo", echo, echo)], "REFUSED", "served by two"],
  "an agent that is given twice": [[echoAgent(), echoAgent()], "REFUSED", '"test.echo" is given to the host twice'],
  "a method without an implementation": [
    [serving("test.echo", { service: EchoService, implementation: {} })],
    "REFUSED",
    "parley.test.v1.EchoService/Echo",
  ],
  "a method that streams its requests": [
    [serving("test.letterbox", { service: LetterboxService, implementation: { post: () => ({}) } })],
    "REFUSED",
    "parley.test.v1.LetterboxService/Post",
  ],
  "a service without a policy": [
    [serving("test.health", serve(Health, { check: () => ({}), list: () => ({}), async *watch() {} }))],
    "CONTRACT_INCOMPLETE",
    "grpc.health.v1.Health",
  ],
  "an event without a policy": [[hearing(TimestampSchema)], "CONTRACT_INCOMPLETE", "google.protobuf.Timestamp"],
  "an event that its hearer has no permission for": [[hearing(NewsToldSchema)], "PERMISSION_DENIED", "HEAR_NEWS"],
  "an event whose effect must be once": [[hearing(NewsPrintedSchema)], "REFUSED", "NEWS_PRINTED"],
  "an event that must be signed": [[hearing(NewsSignedSchema)], "REFUSED", "NEWS_SIGNED"],
};

test.each(Object.entries(refused))("a host refuses %s, and leaves nothing open", async (_, [agents, code, named]) => {
  expect(await refusal(agents)).toMatchObject({ name: "MeshError", code, message: expect.stringContaining(named) });
});

test("a host whose port is taken says which, and leaves nothing open", async () => {
  const taken = createServer();
  const port = await listening(taken);
  expect(await refusal([echoAgent()], { port })).toMatchObject({
    code: "PORT_UNAVAILABLE",
    message: expect.stringContaining(String(port)),
  });
  taken.close();
});

test("a host refuses a namespace that cannot stand in a subject", async () => {
  expect(await refusal([echoAgent()], { namespace: "a.b>" })).toMatchObject({ code: "INVALID_KEY" });
});

test("a host without a broker says so at once, and does not show the password", async () => {
  const taken = createServer();
  const port = await listening(taken);
  taken.close();
  const error = await refusal([echoAgent()], { broker: `nats://me:hush@127.0.0.1:${port}` });
  expect(error).toMatchObject({
    name: "MeshError",
    code: "BROKER_UNAVAILABLE",
    message: expect.stringContaining(`:${port}`),
  });
  expect(String(error)).not.toContain("hush");
});

test("a host at a port that is no broker says so", async () => {
  const other = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const port = await listening(other);
  const error = await refusal([echoAgent()], { broker: `nats://127.0.0.1:${port}` });
  expect(error).toMatchObject({ name: "MeshError", code: "BROKER_UNAVAILABLE" });
  other.close();
});

test("after all these refusals the agent can be hosted", async () => {
  await using hosted = await host({ agents: [echoAgent()], broker: inject("natsUrl"), namespace: mesh.namespace });
  await expect(hosted.client(EchoService).echo({ text: "at last" })).resolves.toMatchObject({ text: "at last" });
  await expect(hosted.publish(EchoSaidSchema, { key: "k" })).resolves.toBeDefined();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
