// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { DeadLetterSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { expect, test } from "vitest";
import {
  AccountChargedSchema,
  AccountDepositedSchema,
  AccountTransferredSchema,
} from "../../../test/gen/parley/test/v1/account_pb.js";
import { brokerAppender } from "../broker/appender.ts";
import { defineJournal } from "./define-journal.ts";
import { accountsJournal, openJournalWorld } from "./testdata/journal-world.ts";

const accounts = accountsJournal();

test("two processes that commit to one key lose no update and number its events without a gap [R37]", async () => {
  await using world = await openJournalWorld();
  const hosts = [await world.host(), await world.host()];
  const at = accounts.at("ann");
  const balances = await Promise.all(
    hosts.map(async (host) => {
      const seen: bigint[] = [];
      for (let turn = 0; turn < 40; turn++) seen.push(await host.deposit(at));
      return seen;
    }),
  );
  expect(balances.flat().sort((a, b) => Number(a - b))).toEqual(
    Array.from({ length: 80 }, (_, index) => BigInt(index + 1)),
  );
  const versions = (await world.stored(at)).map(({ headers }) => Number(headers.get("parley-version")));
  expect(versions).toEqual(Array.from({ length: 80 }, (_, index) => index + 1));
});

test("a thousand writers on one key over two processes all end with an answer, and the sum is right", async () => {
  await using world = await openJournalWorld();
  const hosts = [await world.host(), await world.host()];
  const at = accounts.at("bob");
  const outcomes = await Promise.allSettled(
    Array.from({ length: 1_000 }, (_, index) => hosts[index % 2]?.deposit(at) ?? Promise.reject()),
  );
  const stored = outcomes.filter(({ status }) => status === "fulfilled").length;
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "CONFLICT", mayHaveRun: false });
  }
  expect(stored).toBeGreaterThanOrEqual(500);
  expect(await hosts[0]?.load(at)).toBe(BigInt(stored));
  expect(await world.stored(at)).toHaveLength(stored);
});

test("a writer that loses every round ends with CONFLICT, and nothing of it is stored", async () => {
  await using world = await openJournalWorld();
  const at = accounts.at("cleo");
  const rival = await world.host();
  const own = brokerAppender(world.broker);
  let rounds = 0;
  const host = await world.host({
    of: {
      appender: {
        ...own,
        async appendAll(messages) {
          rounds++;
          await rival.deposit(at, 10n);
          return own.appendAll(messages);
        },
      },
    },
  });
  await expect(host.deposit(at, 1n)).rejects.toMatchObject({ code: "CONFLICT", mayHaveRun: false });
  expect(await rival.load(at)).toBe(BigInt(rounds) * 10n);
});

test("a conflict makes the decision run again on the newer state", async () => {
  await using world = await openJournalWorld();
  const [first, second] = [await world.host(), await world.host()];
  const at = accounts.at("dora");
  await first.deposit(at);
  expect(await second.load(at)).toBe(1n);
  await first.deposit(at);
  const seen: bigint[] = [];
  await second.commit({ at }, (entries) => {
    seen.push(entries.at.state);
    entries.at.append(AccountDepositedSchema, { account: "dora", amount: 5n });
  });
  expect(seen).toEqual([1n, 2n]);
  expect(await first.load(at)).toBe(7n);
});

test("several keys are committed together or not at all [R29]", async () => {
  await using world = await openJournalWorld();
  const [host, rival] = [await world.host(), await world.host()];
  const [from, to] = [accounts.at("eve"), accounts.at("fay")];
  await host.deposit(from, 100n);
  const transfer = (amount: bigint, by = host) =>
    by.commit({ from, to }, (entries, outbox) => {
      entries.from.append(AccountChargedSchema, { account: "eve", amount });
      entries.to.append(AccountDepositedSchema, { account: "fay", amount });
      outbox.publish(AccountTransferredSchema, { from: "eve", to: "fay", amount });
      return entries.to.state;
    });
  await Promise.all(Array.from({ length: 20 }, (_, index) => transfer(1n, index % 2 === 0 ? host : rival)));
  expect(await rival.load(from)).toBe(80n);
  expect(await rival.load(to)).toBe(20n);
});

test("a key that is only read is looked at once more before what was decided on it is stored", async () => {
  await using world = await openJournalWorld();
  const [host, other] = [await world.host(), await world.host()];
  const [limit, spent] = [accounts.at("limit"), accounts.at("spent")];
  await host.load(limit);
  await host.load(spent);
  await other.deposit(limit, 5n);
  const seen: bigint[] = [];
  const total = await host.commit({ limit, spent }, (entries) => {
    seen.push(entries.limit.state);
    if (entries.limit.state > 0n) entries.spent.append(AccountDepositedSchema, { account: "spent", amount: 5n });
    return entries.spent.state;
  });
  expect(seen).toEqual([0n, 5n]);
  expect(total).toBe(5n);
});

test("sixty batches at once are all stored", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      host.commit({ at: accounts.at(`key-${index}`) }, ({ at }) => {
        for (let amount = 1n; amount <= 20n; amount++) at.append(AccountDepositedSchema, { account: at.key, amount });
      }),
    ),
  );
  expect(await world.size()).toBe(60 * 20);
});

test("one key under two names is one key: its events are numbered in one row", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const state = await host.commit({ from: accounts.at("gus"), to: accounts.at("gus") }, ({ from, to }) => {
    from.append(AccountChargedSchema, { account: "gus", amount: 3n });
    to.append(AccountDepositedSchema, { account: "gus", amount: 5n });
    return [from.state, to.state, to.version];
  });
  expect(state).toEqual([2n, 2n, 2]);
  expect(await (await world.host()).load(accounts.at("gus"))).toBe(2n);
});

test("more than a thousand entries are refused, with the way out, and exactly a thousand are stored", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const many = (count: number) =>
    host.commit({ at: accounts.at("hal") }, ({ at }) => {
      for (let entry = 0; entry < count; entry++) at.append(AccountDepositedSchema, { account: "hal", amount: 1n });
    });
  await expect(many(1_001)).rejects.toMatchObject({
    code: "COMMIT_TOO_LARGE",
    message: expect.stringContaining("saga"),
  });
  expect(await world.size()).toBe(0);
  await many(1_000);
  expect(await (await world.host()).load(accounts.at("hal"))).toBe(1_000n);
});

test("journals of two domains are not committed together", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const elsewhere = defineJournal({
    name: "letters",
    version: 1,
    events: [DeadLetterSchema],
    initial: () => 0,
    evolve: (count) => count + 1,
  });
  const both = { here: accounts.at("ida"), there: elsewhere.at("ida") };
  await expect(host.commit(both, () => null)).rejects.toMatchObject({ code: "COMMIT_INVALID" });
});

test("two definitions of one journal in one process are refused", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  await host.deposit(accounts.at("jan"));
  const twin = accountsJournal();
  await expect(host.deposit(twin.at("jan"))).rejects.toMatchObject({ code: "COMMIT_INVALID" });
  await expect(host.load(twin.at("jan"))).rejects.toMatchObject({ code: "COMMIT_INVALID" });
});

test("a load sees what another process stored before", async () => {
  await using world = await openJournalWorld();
  const [host, other] = [await world.host(), await world.host()];
  const at = accounts.at("kim");
  for (let balance = 1n; balance <= 5n; balance++) {
    await other.deposit(at);
    expect(await host.load(at)).toBe(balance);
  }
});
