// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { RecordKind, TraceService } from "@parley/contracts/parley/mesh/v1/trace_pb.js";
import { defineAgent, MeshError, on } from "@parley/mesh";
import { Subjects } from "@parley/mesh/broker";
import { operatorAgent } from "@parley/mesh/operator";
import { ManualClock, testMesh } from "@parley/mesh/testing";
import { expect, test } from "vitest";
import { accountAgent, auditAgent } from "../agents/account-agent.ts";
import { echoAgent } from "../agents/echo-agent.ts";
import { AccountService } from "../gen/parley/test/v1/account_pb.js";
import { EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";
import { until } from "../tools/until.ts";

const grumpy = defineAgent({
  name: "test.grumpy",
  hears: [
    on(EchoSaidSchema, { name: "grumble" }, ({ text }) => {
      throw new MeshError({ code: "REFUSED", message: `"${text}" again` });
    }),
  ],
});

test("a conversation is found with its events, private state and dead letters, and nothing of another", async () => {
  const clock = new ManualClock();
  await using mesh = await testMesh({ agents: [accountAgent, auditAgent, echoAgent(), grumpy], clock });
  const { agent, attach } = operatorAgent();
  await using desk = await testMesh({ agents: [agent], namespace: mesh.namespace, clock });
  attach(desk);
  const conversationId = "conversation 7";
  const accounts = mesh.client(AccountService, { conversationId });
  await accounts.deposit({ account: "a", amount: 5n });
  await mesh.client(AccountService, { conversationId: "other" }).deposit({ account: "b", amount: 1n });
  const said = await mesh.publish(EchoSaidSchema, { key: "k", text: "hello" }, { conversationId });
  await mesh.settled();
  await until(async () => (await mesh.deadLetters()).length === 1);
  const noLetter = new Subjects(mesh.namespace).deadLetter("test.grumpy", "grumble", "none");
  await mesh.broker.jetstream.publish(noLetter, new Uint8Array([255]));

  const service = desk.client(TraceService);
  const find = async (id: string) => {
    const found = await Array.fromAsync(service.trace({ id, since: timestampFromMs(Date.now() - 60_000) }));
    return found.flatMap(({ record }) => (record === undefined ? [] : [record]));
  };
  const records = await find(conversationId);
  const told = records.map(({ kind, header, key }) => [RecordKind[kind], header?.name, key]);
  expect(told).toEqual(
    expect.arrayContaining([
      ["EVENT", "ACCOUNT_DEPOSITED", "a"],
      ["PRIVATE_EVENT", expect.stringContaining("AccountCounted"), "a"],
      ["EVENT", "ECHO_SAID", "k"],
      ["DEAD_LETTER", "ECHO_SAID", ""],
    ]),
  );
  expect(records.some(({ key }) => key === "b")).toBe(false);
  const letter = records.find(({ kind }) => kind === RecordKind.DEAD_LETTER);
  expect(letter).toMatchObject({ gaveUp: "test.grumpy grumble", error: { code: "REFUSED" } });
  // By the message that began the flow, and by its trace.
  const flow = (await find(said.messageId)).map(({ header }) => header?.messageId);
  expect(flow).toContain(said.messageId);
  expect((await find(letter?.traceId ?? "")).map(({ header }) => header?.messageId).sort()).toEqual(flow.sort());
  await expect(find("nothing")).resolves.toEqual([]);
});
