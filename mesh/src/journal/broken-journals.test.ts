// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { AccountChargedSchema, AccountDepositedSchema } from "../../../test/gen/parley/test/v1/account_pb.js";
import { ensureStreams } from "../broker/streams.ts";
import { defineJournal } from "./define-journal.ts";
import { accountsJournal, domain, openJournalWorld, storeForeign } from "./testdata/journal-world.ts";

const accounts = accountsJournal();

test("an event that is missing makes the key loud, to load and to commit", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const at = accounts.at("ann");
  for (let turn = 0; turn < 5; turn++) await host.deposit(at);
  await world.broker.manager.streams.deleteMessage(world.stream, 3);
  const cold = await world.host();
  await expect(cold.load(at)).rejects.toMatchObject({
    code: "JOURNAL_BROKEN",
    message: expect.stringContaining("event 3"),
  });
  await expect(cold.deposit(at)).rejects.toMatchObject({ code: "JOURNAL_BROKEN", mayHaveRun: false });
  expect(await cold.deposit(accounts.at("bob"))).toBe(1n);
});

test("a key that was set back behind what a process knows is loud there, to load and to commit", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const at = accounts.at("cleo");
  for (let turn = 0; turn < 3; turn++) await host.deposit(at);
  await world.broker.manager.streams.deleteMessage(world.stream, 3);
  await expect(host.deposit(at)).rejects.toMatchObject({
    code: "JOURNAL_BROKEN",
    message: expect.stringContaining("set back"),
  });
  await expect(host.load(at)).rejects.toMatchObject({ code: "JOURNAL_BROKEN" });
  expect(await world.stored(at)).toHaveLength(2);
});

test("a key that was set back and written anew is loud to who knows the old events", async () => {
  await using world = await openJournalWorld();
  const [host, other] = [await world.host(), await world.host()];
  const at = accounts.at("dora");
  for (let turn = 0; turn < 3; turn++) await host.deposit(at);
  await world.broker.manager.streams.deleteMessage(world.stream, 3);
  await other.deposit(at, 100n);
  await expect(host.deposit(at)).rejects.toMatchObject({ code: "JOURNAL_BROKEN" });
  await expect(host.load(at)).rejects.toMatchObject({ code: "JOURNAL_BROKEN" });
  await other.deposit(at, 100n);
  await expect(host.load(at)).rejects.toMatchObject({ code: "JOURNAL_BROKEN" });
});

test("an event of a newer version stops commits of its key here, and a process that knows it goes on", async () => {
  await using world = await openJournalWorld();
  const older = defineJournal({
    name: "accounts",
    version: 1,
    events: [AccountDepositedSchema],
    initial: () => 0n,
    evolve: (balance, { amount }) => balance + amount,
  });
  const [behind, ahead] = [await world.host(), await world.host()];
  await behind.deposit(older.at("eve") as never);
  await ahead.commit({ at: accounts.at("eve") }, ({ at }) =>
    at.append(AccountChargedSchema, { account: "eve", amount: 1n }),
  );
  const ignorant = expect.objectContaining({
    code: "JOURNAL_AHEAD",
    message: expect.stringContaining("parley.test.v1.AccountCharged"),
  });
  await expect(behind.deposit(older.at("eve") as never)).rejects.toEqual(ignorant);
  await expect(behind.load(older.at("eve"))).rejects.toEqual(ignorant);
  expect(await behind.deposit(older.at("fay") as never)).toBe(1n);
  expect(await ahead.deposit(accounts.at("eve"))).toBe(1n);
});

test("an event that is not what its type says is loud", async () => {
  await using world = await openJournalWorld();
  const at = accounts.at("gus");
  const type = AccountDepositedSchema.typeName;
  await storeForeign(world, at, { type, version: 1, payload: new Uint8Array([0xff, 0xff, 0xff]) });
  const host = await world.host();
  await expect(host.load(at)).rejects.toMatchObject({
    code: "JOURNAL_BROKEN",
    message: expect.stringContaining("sequence 1"),
  });
  await expect(host.deposit(at)).rejects.toMatchObject({ code: "JOURNAL_BROKEN" });
});

test("an event without a version is loud", async () => {
  await using world = await openJournalWorld();
  const at = accounts.at("hal");
  await storeForeign(world, at, { type: AccountDepositedSchema.typeName, version: Number.NaN });
  await expect((await world.host()).load(at)).rejects.toMatchObject({ code: "JOURNAL_BROKEN" });
});

test("a full journal stores nothing, loses nothing and goes on when there is room", async () => {
  await using world = await openJournalWorld();
  const { streams } = world.broker.manager;
  const host = await world.host();
  const at = accounts.at("ida");
  await host.deposit(at);
  const { bytes } = (await streams.info(world.stream)).state;
  await streams.update(world.stream, { max_bytes: bytes + 100 });
  const full = { code: "STORAGE_FULL", mayHaveRun: false };
  await expect(host.deposit(at)).rejects.toMatchObject(full);
  const batch = host.commit({ at }, (entries) => {
    for (const amount of [2n, 3n]) entries.at.append(AccountDepositedSchema, { account: "ida", amount });
  });
  await expect(batch).rejects.toMatchObject(full);
  expect(await world.size()).toBe(1);
  expect(await host.load(at)).toBe(1n);
  await streams.update(world.stream, { max_bytes: -1 });
  expect(await host.deposit(at)).toBe(2n);
});

test("a journal whose stream was deleted is a clear error, made anew it is loud to who knew the old one", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const at = accounts.at("jan");
  await host.deposit(at);
  await world.broker.manager.streams.delete(world.stream);
  const gone = { code: "JOURNAL_BROKEN", message: expect.stringContaining(world.stream) };
  await expect(host.load(at)).rejects.toMatchObject(gone);
  await expect(host.deposit(accounts.at("never seen"))).rejects.toMatchObject(gone);
  await ensureStreams(world.broker, { namespace: world.namespace, domains: [domain] });
  await expect(host.load(at)).rejects.toMatchObject({
    code: "JOURNAL_BROKEN",
    message: expect.stringContaining("set back"),
  });
  await expect(host.deposit(at)).rejects.toMatchObject({ code: "JOURNAL_BROKEN" });
  expect(await host.deposit(accounts.at("never seen"))).toBe(1n);
  expect(await (await world.host()).deposit(at)).toBe(1n);
});
