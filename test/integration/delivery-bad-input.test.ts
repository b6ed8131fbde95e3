// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, on } from "@parley/mesh";
import { brokerAppender } from "@parley/mesh/broker";
import { testMesh } from "@parley/mesh/testing";
import { expect, test } from "vitest";
import { accountAgent, auditAgent, counts } from "../agents/account-agent.ts";
import { AccountDepositedSchema, AccountService } from "../gen/parley/test/v1/account_pb.js";
import { EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";
import { until } from "../tools/until.ts";

test("a handler that never ends has the contract's time at each try, then the message is dead; others of it go on", async () => {
  const heard: string[] = [];
  const hanging = defineAgent({
    name: "test.hanging",
    hears: [
      on(EchoSaidSchema, { name: "hang" }, ({ text }, { signal }) => {
        heard.push(text);
        return text === "for ever" ? new Promise<void>(() => signal.addEventListener("abort", () => {})) : undefined;
      }),
    ],
  });
  await using mesh = await testMesh({ agents: [hanging] });
  const { timeoutMs, retries } = mesh.contracts.event(EchoSaidSchema);
  const delays = retries.get("TRANSIENT")?.delaysMs ?? [];
  await mesh.publish(EchoSaidSchema, { key: "k", text: "for ever" });
  await mesh.publish(EchoSaidSchema, { key: "k", text: "quick" });
  await until(() => heard.includes("quick"));
  for (const delayMs of [...delays, 0]) {
    expect(await mesh.deadLetters()).toEqual([]);
    await mesh.advance(timeoutMs);
    await mesh.advance(delayMs);
  }
  await until(async () => (await mesh.deadLetters()).length === 1);
  const [letter] = await mesh.deadLetters();
  expect(letter).toMatchObject({ error: { code: "DEADLINE_EXCEEDED" }, hearer: "hang" });
  expect(heard.filter((text) => text === "for ever")).toHaveLength(1 + delays.length);
});

test("an event that comes again long after the broker forgot its id has its effect once where it is heard by a commit", async () => {
  await using mesh = await testMesh({ agents: [accountAgent, auditAgent] });
  await mesh.client(AccountService).deposit({ account: "a", amount: 1n });
  await mesh.client(AccountService).deposit({ account: "b", amount: 1n });
  await mesh.heard(AccountDepositedSchema, { account: "b" });
  await mesh.settled();
  const [first] = mesh.events.events.filter(({ header }) => header.messageType === AccountDepositedSchema.typeName);
  if (first === undefined) throw new Error("nothing was deposited");
  const { headers, payload, header, subject: stoodOn } = first;
  const lane = stoodOn.split(".")[2];
  // Within its window the broker drops the same id; under another one it comes as it would after that.
  const subject = `${mesh.namespace}.jrn.parley-test-v1.out.-.a.evt.${lane}.parley-test-v1-AccountDeposited`;
  const again = new Map([...headers].filter(([name]) => name.startsWith("ce-")));
  await brokerAppender(mesh.broker).append({ subject, payload, headers: again, id: "long-after" });
  const heard = () => mesh.observed.filter((one) => one.kind === "heard" && one.header.messageId === header.messageId);
  await until(() => heard().length === 2);
  await mesh.settled();
  expect(await mesh.load(counts.at("a"))).toBe(1);
  expect(await mesh.load(counts.at("b"))).toBe(1);
  expect(await mesh.deadLetters()).toEqual([]);
});
