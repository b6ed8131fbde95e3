// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, type Heard, MeshError, on, onCommit } from "@parley/mesh";
import { testMesh } from "@parley/mesh/testing";
import { expect, test } from "vitest";
import { accountAgent, counts } from "../agents/account-agent.ts";
import {
  AccountCountedSchema,
  AccountDepositedSchema,
  AccountService,
  AccountTransferredSchema,
} from "../gen/parley/test/v1/account_pb.js";

/** How often each message was handled to the end. */
const tries = new Map<string, number>();

/** Hears each message three times: the first two tries fail after everything was stored. */
function thrice(heard: Heard): Heard {
  return {
    ...heard,
    async handle(message, ctx) {
      await heard.handle(message, ctx);
      const count = (tries.get(ctx.messageId) ?? 0) + 1;
      tries.set(ctx.messageId, count);
      if (count < 3) throw new MeshError({ code: "CONNECTION_LOST", message: "lost after it was handled" });
    },
  };
}

/** Tells of every deposit by an event, without any state of its own. */
const teller = defineAgent({
  name: "test.teller",
  hears: [
    thrice(
      onCommit(AccountDepositedSchema, { name: "tell", keys: () => ({}) }, ({ account, amount }, _, outbox) =>
        outbox.publish(AccountTransferredSchema, { from: account, to: "bank", amount }),
      ),
    ),
  ],
});

/** Counts what it is told. */
const counter = defineAgent({
  name: "test.counter",
  hears: [
    thrice(
      onCommit(
        AccountTransferredSchema,
        { name: "count", keys: ({ from }) => ({ count: counts.at(from) }) },
        ({ from }, { count }) => count.append(AccountCountedSchema, { account: from }),
      ),
    ),
  ],
});

test("a chain of events heard by commits happens exactly once, however often each is delivered [R24]", async () => {
  await using mesh = await testMesh({ agents: [accountAgent, teller, counter] });
  const bank = mesh.client(AccountService);
  for (let turn = 0; turn < 5; turn++) await bank.deposit({ account: "ann", amount: 1n });
  // In small steps: a long one would be over the time of a try that is in progress.
  while (tries.size < 10 || [...tries.values()].some((count) => count < 3)) await mesh.advance(500);
  expect(await mesh.load(counts.at("ann"))).toBe(5);
  const heard = mesh.observed.filter(({ kind, header }) => kind === "heard" && header.name === "ACCOUNT_DEPOSITED");
  expect(heard.length).toBeGreaterThanOrEqual(15);
  const told = mesh.events.events.filter(({ header }) => header.name === "ACCOUNT_TRANSFERRED");
  expect(told).toHaveLength(5);
  const deposits = mesh.events.events.filter(({ header }) => header.name === "ACCOUNT_DEPOSITED");
  expect(new Set(told.map(({ header }) => header.causationId))).toEqual(
    new Set(deposits.map(({ header }) => header.messageId)),
  );
  expect(await mesh.deadLetters()).toEqual([]);
});

test("a host refuses to hear by `on` what its contract promises effectively once", async () => {
  const hearer = defineAgent({
    name: "test.plain",
    hears: [on(AccountDepositedSchema, { name: "plain" }, () => Promise.resolve())],
  });
  await expect(testMesh({ agents: [hearer] })).rejects.toMatchObject({
    code: "REFUSED",
    message: expect.stringContaining("onCommit"),
  });
});

test("a hearer that decides asynchronously is refused at the event, which is kept as a dead letter", async () => {
  const late = (async () => {}) as () => void;
  const hearer = defineAgent({
    name: "test.late",
    hears: [onCommit(AccountDepositedSchema, { name: "late", keys: () => ({}) }, late)],
  });
  await using mesh = await testMesh({ agents: [accountAgent, hearer] });
  await mesh.client(AccountService).deposit({ account: "bob", amount: 1n });
  await mesh.settled();
  expect(await mesh.deadLetters()).toHaveLength(1);
});

test("an idempotency key counts for its method and its sender, not beyond", async () => {
  const other = defineAgent({ name: "test.other" });
  await using mesh = await testMesh({ agents: [accountAgent, other] });
  const bank = mesh.client(AccountService);
  const deposit = { account: "cleo", amount: 10n, requestId: "r" };
  await bank.deposit(deposit);
  expect(await bank.deposit(deposit)).toMatchObject({ balance: 10n });
  expect(await bank.transfer({ from: "cleo", to: "dora", amount: 1n, requestId: "r" })).toMatchObject({ done: true });
  const others = mesh.client(AccountService, { source: "test.other" });
  expect(await others.deposit(deposit)).toMatchObject({ balance: 19n });
});
