// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { DirectoryService } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { OperatorService, type TailEventsResponse } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import { type Client, defineAgent, MeshError, on } from "@parley/mesh";
import { brokerAppender, Subjects, streamNames } from "@parley/mesh/broker";
import { Contracts } from "@parley/mesh/contracts";
import { operatorAgent } from "@parley/mesh/operator";
import { ManualClock, type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { echoAgent } from "../agents/echo-agent.ts";
import { EchoRepeatedSchema, EchoSaidSchema, EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { until } from "../tools/until.ts";

const grumpy = defineAgent({
  name: "test.grumpy",
  hears: [
    on(EchoRepeatedSchema, { name: "grumble" }, ({ text }) => {
      throw new MeshError({ code: "REFUSED", message: `"${text}" again` });
    }),
  ],
});

/** An operator's host and, apart from it, the host that it looks into. */
describe("the operator", () => {
  const clock = new ManualClock();
  let mesh: TestMesh;
  let desk: TestMesh;
  let operator: Client<typeof OperatorService>;

  beforeAll(async () => {
    mesh = await testMesh({ agents: [echoAgent(), grumpy], clock });
    const { agent, attach } = operatorAgent();
    desk = await testMesh({ agents: [agent], namespace: mesh.namespace, clock });
    attach(desk);
    await until(() => desk.directory.instancesOf(EchoService.typeName).length > 0);
    operator = desk.client(OperatorService);
  });

  afterAll(async () => {
    await desk.drain();
    await mesh.drain();
  });

  test("gives the contracts of every instance, with the policies that they have there", async () => {
    const { fileDescriptorSet } = await operator.getContracts({});
    const contracts = Contracts.decode(fileDescriptorSet);
    expect(contracts.services.map(({ typeName }) => typeName)).toEqual(
      expect.arrayContaining([
        "parley.mesh.v1.DirectoryService",
        "parley.mesh.v1.OperatorService",
        "parley.test.v1.EchoService",
        "parley.test.v1.RelayService",
      ]),
    );
    for (const method of ["Echo", "Fail", "Secret"]) {
      const name = `${EchoService.typeName}/${method}`;
      expect(plain(contracts.methodNamed(name))).toEqual(plain(mesh.contracts.methodNamed(name)));
    }
    expect(plain(contracts.eventNamed("ECHO_SAID"))).toEqual(plain(mesh.contracts.event(EchoSaidSchema)));
  });

  test("lists instances by agent and start, and those of one service", async () => {
    const directory = desk.client(DirectoryService);
    const { agents } = await directory.listAgents({});
    expect(agents.map(({ name }) => name)).toEqual(["mesh.operator", "test.echo", "test.grumpy"]);
    const serving = await directory.listAgents({ service: EchoService.typeName });
    expect(serving.agents).toMatchObject([{ name: "test.echo", endpoint: mesh.url }]);
    await expect(directory.listAgents({ service: "no.such.Service" })).resolves.toMatchObject({ agents: [] });
  });

  test.each(["ECHO_SAID", "parley.test.v1.EchoSaid"])("publishes an event that is called %s", async (event) => {
    const { header } = await operator.publishEvent({
      event,
      json: `{"key":"k","text":"by hand as ${event}"}`,
      conversationId: "c-7",
    });
    expect(header).toMatchObject({
      name: "ECHO_SAID",
      messageType: EchoSaidSchema.typeName,
      sourceAgentId: "mesh.operator",
      conversationId: "c-7",
      hops: 0,
    });
    await expect(mesh.heard(EchoSaidSchema, { text: `by hand as ${event}` })).resolves.toMatchObject({ key: "k" });
  });

  test("refuses an event that no contract knows, and names those that are near", async () => {
    await expect(operator.publishEvent({ event: "ECHO_SIAD", json: "{}" })).rejects.toMatchObject({
      code: "UNKNOWN_TYPE",
      message: 'no event "ECHO_SIAD" in the contracts of the mesh; did you mean ECHO_SAID?',
    });
    await expect(operator.publishEvent({ event: "zzzzzzzzzzz", json: "{}" })).rejects.toMatchObject({
      message: expect.stringContaining("parley contracts lists"),
    });
  });

  test.each([
    ["is no JSON", "{", "UNDECODABLE"],
    ["has a field that the event has not", '{"key":"k","txt":"t"}', "UNDECODABLE"],
    ["has a value of another type", '{"key":1}', "UNDECODABLE"],
    ["breaks a rule", `{"key":"k","text":"${"x".repeat(101)}"}`, "INVALID_MESSAGE"],
    ["has a key that fits into no subject", `{"key":"${"k".repeat(200)}"}`, "INVALID_KEY"],
  ])("refuses an event whose JSON %s", async (_, json, code) => {
    await expect(operator.publishEvent({ event: "ECHO_SAID", json })).rejects.toMatchObject({ code });
  });

  test("shows events as they are published", async () => {
    await using tail = await follow(desk);
    await operator.publishEvent({ event: "ECHO_SAID", json: '{"key":"tail 1.*","text":"seen"}' });
    await until(() => tail.seen.some(({ json }) => json === '{"key":"tail 1.*","text":"seen"}'));
    expect(tail.seen.at(-1)).toMatchObject({
      header: { name: "ECHO_SAID", sourceAgentId: "mesh.operator" },
      problem: "",
    });
  });

  test("shows only the events that are asked for", async () => {
    await using tail = await follow(desk, ["ECHO_SAID"]);
    await operator.publishEvent({ event: "ECHO_REPEATED", json: '{"key":"t2","text":"other"}' });
    await operator.publishEvent({ event: "ECHO_SAID", json: '{"key":"t2","text":"wanted"}' });
    await until(() => tail.seen.some(({ json }) => json.includes("wanted")));
    expect(tail.seen.map(({ header }) => header?.name)).not.toContain("ECHO_REPEATED");
    await expect(Array.fromAsync(operator.tailEvents({ events: ["NOPE"] }))).rejects.toMatchObject({
      code: "UNKNOWN_TYPE",
    });
  });

  test("shows what cannot be read with the reason", async () => {
    await using tail = await follow(desk);
    const subject = new Subjects(mesh.namespace).outgoingEvent(mesh.contracts.event(EchoSaidSchema), "bad");
    const append = (id: string, headers: Record<string, string>) =>
      brokerAppender(mesh.broker).append({
        id,
        subject,
        payload: Uint8Array.of(0xff),
        headers: new Map(Object.entries({ "ce-source": "x", "ce-type": EchoSaidSchema.typeName, ...headers })),
      });
    await append("unreadable", { "ce-id": "unreadable" });
    await append("unknown", { "ce-id": "unknown", "ce-type": "no.such.Event" });
    await append("headless", {});
    await append("mistimed", { "ce-id": "mistimed", "ce-time": "noon" });
    const problem = (part: string) => tail.seen.find((one) => one.problem.includes(part));
    await until(() => problem("noon") !== undefined);
    expect(problem("cannot be read")).toMatchObject({ json: "", header: { messageId: "unreadable" } });
    expect(problem("no.such.Event")).toMatchObject({ json: "", header: { messageId: "unknown" } });
    expect(problem("no ce-id")).toMatchObject({ json: "" });
    expect(problem("noon")?.header).toBeUndefined();
  });

  test("leaves no consumer behind when nobody reads any more", async () => {
    const tail = await follow(desk);
    expect(await tailsOf(desk)).not.toEqual([]);
    await tail[Symbol.asyncDispose]();
    await until(async () => (await tailsOf(desk)).length === 0);
  });
});

test("an operator who is called before it knows its host answers as soon as it does", async () => {
  const { agent, attach } = operatorAgent();
  await using mesh = await testMesh({ agents: [agent] });
  const asked = mesh.client(DirectoryService).listAgents({});
  attach(mesh);
  await expect(asked).resolves.toMatchObject({ agents: [{ name: "mesh.operator" }] });
});

/** Reads a tail into a list until it is disposed of. Resolves when nothing that is published from then on can be missed. */
async function follow(desk: TestMesh, events: string[] = []) {
  const giveUp = new AbortController();
  const seen: TailEventsResponse[] = [];
  const before = await tailsOf(desk);
  const reading = (async () => {
    const tail = desk.client(OperatorService).tailEvents({ events }, { signal: giveUp.signal });
    for await (const one of tail) seen.push(one);
  })().catch(() => {});
  await until(async () => (await tailsOf(desk)).some((name) => !before.includes(name)));
  return {
    seen,
    async [Symbol.asyncDispose]() {
      giveUp.abort();
      await reading;
    },
  };
}

/** Names of the consumers of EVENTS that tails have. */
async function tailsOf({ broker, namespace }: TestMesh): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of broker.manager.consumers.list(streamNames(namespace).events)) names.push(name);
  return names.filter((name) => name.startsWith("tail-"));
}

/** A policy without its descriptors, which are other objects on both sides. */
function plain(policy: object | undefined): unknown {
  return JSON.parse(
    JSON.stringify(policy, (name, value: unknown) => {
      if (name === "desc") return undefined;
      return value instanceof Map ? [...value] : value;
    }),
  );
}
