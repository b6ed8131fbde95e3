// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { defineAgent, defineProjection, host, serve } from "@parley/mesh";
import { brokerAppender, Subjects } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accountAgent, accounts } from "../agents/account-agent.ts";
import {
  AccountChargedSchema,
  AccountDepositedSchema,
  AccountService,
  AccountTransferredSchema,
} from "../gen/parley/test/v1/account_pb.js";

/** Money in all accounts together, from state events, those that nobody else hears included. */
const total = defineProjection({
  name: "total",
  journals: [accounts],
  initial: () => ({ money: 0n, accounts: new Set<string>() }),
  evolve(state, event, { key }) {
    state.accounts.add(key);
    switch (event.$typeName) {
      case "parley.test.v1.AccountDeposited":
        return { ...state, money: state.money + event.amount };
      case "parley.test.v1.AccountCharged":
        return { ...state, money: state.money - event.amount };
    }
  },
});

/** What was moved between accounts, from published events. */
const moved = defineProjection({
  name: "moved",
  events: [AccountTransferredSchema],
  initial: () => 0n,
  evolve: (sum, { amount }) => sum + amount,
});

/** Stands still at amounts of 13. */
const superstitious = defineProjection({
  name: "superstitious",
  events: [AccountDepositedSchema],
  initial: () => 0,
  evolve(count, { amount }) {
    if (amount === 13n) throw new Error("unlucky");
    return count + 1;
  },
});

const reader = defineAgent({ name: "test.reader", projections: [total, moved, superstitious] });
/** Deposits, and answers with what the projection says once it has seen that. */
const teller = defineAgent({
  name: "test.account",
  projections: [total],
  serves: [
    serve(AccountService, {
      async deposit({ account, amount }, ctx) {
        await ctx.commit({ account: accounts.at(account) }, (entries) => {
          entries.account.append(AccountDepositedSchema, { account, amount });
        });
        await ctx.caughtUp(total);
        return { balance: ctx.view(total).money };
      },
      async transfer({ from, amount }, ctx) {
        await ctx.commit({ from: accounts.at(from) }, (entries) => {
          entries.from.append(AccountChargedSchema, { account: from, amount });
        });
        return { done: true };
      },
      getBalance: ({ account }, ctx) => ctx.load(accounts.at(account)),
    }),
  ],
});

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await testMesh({ agents: [accountAgent, reader] });
});
afterAll(() => mesh.drain());

test("a projection follows the events of all keys, from journals and from EVENTS [R20]", async () => {
  const bank = mesh.client(AccountService);
  await bank.deposit({ account: "ann", amount: 10n });
  await bank.deposit({ account: "bob", amount: 5n });
  await bank.transfer({ from: "ann", to: "bob", amount: 3n });
  await expect.poll(() => mesh.projections.view(total).money).toBe(15n);
  await expect.poll(() => mesh.projections.view(moved)).toBe(3n);
  expect([...mesh.projections.view(total).accounts].sort()).toEqual(["ann", "bob"]);
});

test("a projection is whole when its agent is ready, and can be rebuilt while it serves", async () => {
  const late = await host({ agents: [reader], broker: mesh.broker.url, namespace: mesh.namespace });
  try {
    expect(late.projections.view(total).money).toBe(15n);
    const served = late.projections.view(total).accounts;
    await late.projections.rebuild(total);
    expect(late.projections.view(total).accounts).toEqual(served);
    expect(late.projections.view(total).accounts).not.toBe(served);
  } finally {
    await late.drain();
  }
});

test("what others publish is folded as hearers hear it: JSON too, and what cannot be read is passed over", async () => {
  const type = AccountTransferredSchema;
  const before = mesh.projections.view(moved);
  const event = { domain: "parley.test.v1", typeName: type.typeName, priority: "MEDIUM" } as const;
  const put = (payload: Uint8Array, headers: Readonly<Record<string, string>> = {}) => {
    const id = randomUUID();
    const sound = { "ce-id": id, "ce-type": type.typeName, "ce-source": "test.peer", "ce-subject": "k" };
    return brokerAppender(mesh.broker).append({
      id,
      subject: new Subjects(mesh.namespace).outgoingEvent(event, "k"),
      headers: new Map(Object.entries({ ...sound, ...headers })),
      payload,
    });
  };
  const bytes = (amount: bigint) => toBinary(type, create(type, { from: "x", to: "y", amount }));
  await put(new TextEncoder().encode('{"from":"x","to":"y","amount":"30"}'), {
    "ce-datacontenttype": "application/json",
  });
  await put(Uint8Array.of(0xff, 0xff));
  await put(bytes(7n), { "ce-hops": "many" });
  await put(bytes(7n), { "ce-subject": "%zz" });
  await put(bytes(400n));
  await expect.poll(() => mesh.projections.view(moved)).toBe(before + 430n);
  expect(status("moved")?.problem).toBeUndefined();
});

test("an event that cannot be folded stops its projection loudly, and no other", async () => {
  const bank = mesh.client(AccountService);
  await bank.deposit({ account: "cleo", amount: 13n });
  await expect.poll(() => status("superstitious")?.problem).toContain("unlucky");
  expect(() => mesh.projections.view(superstitious)).toThrow(expect.objectContaining({ code: "PROJECTION_BROKEN" }));
  await expect.poll(() => mesh.projections.view(total).money).toBe(28n);
  expect(status("total")?.problem).toBeUndefined();
});

test("a handler reads its own writes through a projection", async () => {
  await using other = await testMesh({ agents: [teller] });
  const bank = other.client(AccountService);
  for (let sum = 1n; sum <= 20n; sum++) {
    await expect(bank.deposit({ account: `a${sum}`, amount: 1n })).resolves.toMatchObject({ balance: sum });
  }
});

test("a projection that the agent does not name cannot be looked at", async () => {
  await using other = await testMesh({ agents: [accountAgent] });
  expect(() => other.projections.view(total)).toThrow(expect.objectContaining({ code: "REFUSED" }));
});

function status(name: string) {
  return mesh.projections.statuses.find((each) => each.name === name);
}
