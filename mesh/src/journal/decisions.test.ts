// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import {
  AccountCountedSchema,
  AccountDepositedSchema,
  AccountTransferredSchema,
} from "../../../test/gen/parley/test/v1/account_pb.js";
import { NewsWhisperedSchema } from "../../../test/gen/parley/test/v1/news_pb.js";
import { Contracts } from "../contracts/contracts.ts";
import { defineJournal } from "./define-journal.ts";
import { accountsJournal, openJournalWorld } from "./testdata/journal-world.ts";

const accounts = accountsJournal();

test("a decision that throws stores nothing, and its error passes as it is", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const mistake = new Error("no money");
  const failing = host.commit({ at: accounts.at("lea") }, ({ at }) => {
    at.append(AccountDepositedSchema, { account: "lea", amount: 1n });
    throw mistake;
  });
  await expect(failing).rejects.toBe(mistake);
  expect(await world.size()).toBe(0);
  expect(await host.deposit(accounts.at("lea"))).toBe(1n);
});

test("a decision that is asynchronous is refused, and what it does later has no effect but an error", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const late = Promise.withResolvers<unknown>();
  const decide = (async ({ at }: { at: { append(type: object, init: object): void } }) => {
    await Promise.resolve();
    try {
      at.append(AccountDepositedSchema, { account: "mia", amount: 1n });
    } catch (error) {
      late.resolve(error);
    }
  }) as never;
  await expect(host.commit({ at: accounts.at("mia") }, decide)).rejects.toMatchObject({ code: "COMMIT_INVALID" });
  expect(await late.promise).toMatchObject({ code: "COMMIT_INVALID" });
  expect(await world.size()).toBe(0);
});

test("a decision that never ends is ended, and the process lives on", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const endless = host.commit({ at: accounts.at("noa") }, () => {
    for (;;);
  });
  await expect(endless).rejects.toMatchObject({ code: "COMMIT_INVALID" });
  expect(await host.deposit(accounts.at("noa"))).toBe(1n);
});

test("an entry or outbox that is kept beyond its decision is an error when used", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  let leaked = () => {};
  await host.commit({ at: accounts.at("oda") }, ({ at }, outbox) => {
    leaked = () => at.append(AccountDepositedSchema, { account: "oda", amount: 1n });
    outbox.publish(AccountTransferredSchema, { from: "oda", to: "pia", amount: 1n });
  });
  expect(leaked).toThrow(expect.objectContaining({ code: "COMMIT_INVALID" }));
});

test("a state that is changed in place is an error, not what the next commit decides on", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const journal = defineJournal({
    name: "lists",
    version: 1,
    events: [AccountDepositedSchema],
    initial: () => ({ amounts: [] as readonly bigint[] }),
    evolve: ({ amounts }, { amount }) => ({ amounts: [...amounts, amount] }),
  });
  await host.commit({ list: journal.at("pam") }, ({ list }) =>
    list.append(AccountDepositedSchema, { account: "pam", amount: 1n }),
  );
  const inPlace = host.commit({ list: journal.at("pam") }, ({ list }) => {
    (list.state.amounts as bigint[]).push(99n);
    list.append(AccountDepositedSchema, { account: "pam", amount: 2n });
  });
  await expect(inPlace).rejects.toThrow(TypeError);
  expect(await host.load(journal.at("pam"))).toEqual({ amounts: [1n] });
});

test("only events of the journal are appended, with the key that their contract names", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const append = (type: unknown, init: object) =>
    host.commit({ at: accounts.at("quin") }, ({ at }) => (at.append as (...given: unknown[]) => void)(type, init));
  await expect(append(AccountCountedSchema, { account: "quin" })).rejects.toMatchObject({ code: "COMMIT_INVALID" });
  const other = append(AccountDepositedSchema, { account: "rosa", amount: 1n });
  await expect(other).rejects.toMatchObject({ code: "COMMIT_INVALID", message: expect.stringContaining('"rosa"') });
  expect(await world.size()).toBe(0);
});

test("an event that its contract does not store cannot be part of a commit", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const contract = host.commit({}, (_, outbox) => outbox.publish(NewsWhisperedSchema, {}));
  await expect(contract).rejects.toMatchObject({ code: "COMMIT_INVALID" });
});

test("an event with a policy is announced even if nobody on the host has to do with it", async () => {
  await using world = await openJournalWorld();
  const host = await world.host({ of: { contracts: Contracts.of({}) } });
  await host.deposit(accounts.at("sue"));
  const [entry] = await world.stored(accounts.at("sue"));
  expect(entry?.subject).toContain(".evt.medium.parley-test-v1-AccountDeposited");
});

const hostileKeys = [
  "a.b",
  "a b",
  "*",
  ">",
  "",
  "=",
  "=YQ",
  "a\u0000b",
  "\u001b[31m",
  "ключ",
  "🗝️",
  "a/b?c#d",
  "-",
  "k".repeat(180),
];

test.each(hostileKeys)("key %j is a key of its own", async (key) => {
  await using world = await openJournalWorld();
  const host = await world.host();
  await host.deposit(accounts.at("innocent"), 7n);
  await host.deposit(accounts.at(key), 1n);
  await host.deposit(accounts.at(key), 2n);
  expect(await (await world.host()).load(accounts.at(key))).toBe(3n);
  expect(await host.load(accounts.at("innocent"))).toBe(7n);
});

test.each(["k".repeat(181), "\ud800"])("a key that no subject can hold is refused, nothing stored", async (key) => {
  await using world = await openJournalWorld();
  const host = await world.host();
  await expect(host.deposit(accounts.at(key))).rejects.toMatchObject({ code: "INVALID_KEY" });
  await expect(host.load(accounts.at(key))).rejects.toMatchObject({ code: "INVALID_KEY" });
  expect(await world.size()).toBe(0);
});

test("an event that is too large is refused alone and in a batch, and the key goes on", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const at = accounts.at("tom");
  const large = "x".repeat(2 ** 20);
  const store = (...names: string[]) =>
    host.commit({ at }, (_, outbox) => {
      for (const to of names) outbox.publish(AccountTransferredSchema, { from: "tom", to, amount: 1n });
    });
  await expect(store(large)).rejects.toMatchObject({ code: "TOO_LARGE", mayHaveRun: false });
  await expect(store("small", large)).rejects.toMatchObject({ code: "TOO_LARGE", mayHaveRun: false });
  expect(await world.size()).toBe(0);
  expect(await host.deposit(at)).toBe(1n);
});
