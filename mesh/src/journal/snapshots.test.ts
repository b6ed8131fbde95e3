// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test, vi } from "vitest";
import { AccountDepositedSchema } from "../../../test/gen/parley/test/v1/account_pb.js";
import { until } from "../../../test/tools/until.ts";
import type { Broker } from "../broker/connection.ts";
import { sourcedFloor } from "../broker/journal-stream.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Committed } from "./committed.ts";
import {
  type AccountKey,
  accountsJournal,
  domain,
  type JournalHost,
  type JournalWorld,
  openJournalWorld,
} from "./testdata/journal-world.ts";

/** Stores many events of a key, a hundred in each commit. */
async function fill(host: JournalHost, at: AccountKey, count: number): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    await host.commit({ at }, (entries) => {
      for (let entry = 0; entry < Math.min(100, count - done); entry++) {
        entries.at.append(AccountDepositedSchema, { account: at.key, amount: 1n });
      }
    });
  }
}

/** Messages that the broker sent over a connection during some work. */
async function messagesReceived({ connection }: Broker, work: () => Promise<unknown>): Promise<number> {
  const before = connection.stats().inMsgs;
  await work();
  return connection.stats().inMsgs - before;
}

/** Waits until the journal knows that all of it is sourced: a second after the last message. */
async function sourced({ broker, stream }: JournalWorld): Promise<void> {
  const { state } = await broker.manager.streams.info(stream);
  await until(async () => (await sourcedFloor(broker, stream)) >= state.last_seq);
}

async function snapshotOf(world: JournalWorld, at: AccountKey) {
  const of = world.subjects.snapshot({ domain, journal: at.journal.name, key: at.key });
  return world.broker.manager.streams.getMessage(world.stream, { last_by_subj: of });
}

test("loading a key of ten thousand events reads a snapshot and what came since, not the events", async () => {
  await using world = await openJournalWorld();
  const at = accountsJournal().at("ann");
  await fill(await world.host(), at, 10_000);
  await (await world.host()).deposit(at);
  const cold = await world.host();
  const received = await messagesReceived(cold.broker, async () => expect(await cold.load(at)).toBe(10_001n));
  expect(received).toBeLessThan(10);
});

test("without snapshots all events are read, and then never again", async () => {
  await using world = await openJournalWorld();
  const at = accountsJournal({ snapshotEvery: 0 }).at("ann");
  await fill(await world.host(), at, 1_500);
  const cold = await world.host();
  expect(await messagesReceived(cold.broker, async () => expect(await cold.load(at)).toBe(1_500n))).toBeGreaterThan(
    1_500,
  );
  expect(await messagesReceived(cold.broker, async () => expect(await cold.load(at)).toBe(1_500n))).toBeLessThan(5);
});

test("a snapshot is stored with every hundredth event, in its commit", async () => {
  await using world = await openJournalWorld();
  const at = accountsJournal().at("bob");
  const host = await world.host();
  await fill(host, at, 99);
  expect(await snapshotOf(world, at)).toBeNull();
  await host.deposit(at);
  expect((await snapshotOf(world, at))?.seq).toBe(101);
  await fill(host, at, 99);
  expect((await snapshotOf(world, at))?.seq).toBe(101);
  await host.deposit(at);
  expect((await snapshotOf(world, at))?.seq).toBe(202);
});

test("a snapshot of another version is not used, and replaced with the next commit", async () => {
  await using world = await openJournalWorld();
  await fill(await world.host(), accountsJournal().at("cleo"), 120);
  const twice = accountsJournal({ version: 2, evolve: (balance, { amount }) => balance + 2n * amount });
  const host = await world.host();
  expect(await host.load(twice.at("cleo"))).toBe(240n);
  await host.deposit(twice.at("cleo"));
  expect((await snapshotOf(world, twice.at("cleo")))?.header.get("parley-journal-version")).toBe("2");
  expect(await (await world.host()).load(twice.at("cleo"))).toBe(242n);
});

test("a snapshot of an older version is upgraded where the journal can, never one of a newer version", async () => {
  await using world = await openJournalWorld();
  await fill(await world.host(), accountsJournal().at("dora"), 120);
  const upgrade = vi.fn((state: unknown) => (state as bigint) + 1_000n);
  const newer = accountsJournal({ version: 2, upgrade });
  expect(await (await world.host()).load(newer.at("dora"))).toBe(1_120n);
  expect(upgrade).toHaveBeenCalledWith(100n, 1);
  await (await world.host()).deposit(newer.at("dora"));
  const older = accountsJournal({ version: 1, upgrade: () => expect.unreachable("nothing newer can be upgraded") });
  expect(await (await world.host()).load(older.at("dora"))).toBe(121n);
});

test("a snapshot that cannot be read is as good as none", async () => {
  await using world = await openJournalWorld();
  const at = accountsJournal().at("eve");
  await fill(await world.host(), at, 100);
  const subject = world.subjects.snapshot({ domain, journal: "accounts", key: "eve" });
  await world.broker.jetstream.publish(subject, "{broken", { msgID: "s1" });
  expect(await (await world.host()).load(at)).toBe(100n);
});

test("a key that is too large for a snapshot is committed all the same", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const large = accountsJournal({ snapshotEvery: 2, initial: () => 2n ** 9_000_000n });
  const at = large.at("fay");
  for (let turn = 0; turn < 5; turn++) await fill(host, at, 1);
  expect(await snapshotOf(world, at)).toBeNull();
  expect(await world.stored(at)).toHaveLength(5);
});

test("a full commit leaves its snapshot to the next one", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const at = accountsJournal().at("gus");
  await host.commit({ at }, (entries) => {
    for (let entry = 0; entry < 1_000; entry++)
      entries.at.append(AccountDepositedSchema, { account: "gus", amount: 1n });
  });
  expect(await snapshotOf(world, at)).toBeNull();
  await host.deposit(at);
  expect((await snapshotOf(world, at))?.seq).toBe(1_002);
});

test("compaction leaves the last event and the snapshot of a key, and other keys as they are", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const compact = accountsJournal({ compact: true, snapshotEvery: 10 });
  const at = compact.at("ida");
  await fill(host, compact.at("hal"), 5);
  await fill(host, at, 29);
  await sourced(world);
  await fill(host, at, 10);
  await host.compactor.settled();
  const left = (await world.stored(at)).map(({ headers }) => Number(headers.get("parley-version")));
  expect(left).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38, 39]);
  await sourced(world);
  await fill(host, at, 1);
  for (let turn = 0; turn < 9; turn++) await fill(host, at, 1);
  await host.compactor.settled();
  expect((await world.stored(at))[0]?.headers.get("parley-version")).toBe("40");
  expect(await (await world.host()).load(at)).toBe(49n);
  expect(await world.stored(compact.at("hal"))).toHaveLength(5);
  expect(await (await world.host()).deposit(at)).toBe(50n);
});

test("compaction never removes the last event of a key, even when all of it is sourced", async () => {
  await using world = await openJournalWorld();
  const committed: Committed[] = [];
  const host = await world.host({ of: { onCommitted: (given) => committed.push(given) } });
  const at = accountsJournal({ compact: true, snapshotEvery: 10 }).at("ira");
  await fill(host, at, 20);
  await sourced(world);
  for (const each of committed) host.compactor.consider(each);
  await host.compactor.settled();
  expect((await world.stored(at)).map(({ headers }) => headers.get("parley-version"))).toEqual(["20"]);
  expect(await (await world.host()).deposit(at)).toBe(21n);
});

test("compaction waits for what EVENTS has not stored", async () => {
  await using world = await openJournalWorld();
  const { events } = streamNames(world.namespace);
  const { streams } = world.broker.manager;
  await streams.update(events, { max_bytes: 1 });
  const host = await world.host();
  const compact = accountsJournal({ compact: true, snapshotEvery: 5 });
  for (let turn = 0; turn < 30; turn++) await host.deposit(compact.at("jan"));
  await host.compactor.settled();
  expect(await world.stored(compact.at("jan"))).toHaveLength(30);
  await streams.update(events, { max_bytes: 2 ** 30 });
  await until(async () => (await streams.info(events)).state.messages === 30);
});

test("compaction waits while nobody knows what is sourced", async () => {
  await using world = await openJournalWorld();
  await world.broker.manager.consumers.delete(world.stream, "EVENTS");
  const host = await world.host();
  const compact = accountsJournal({ compact: true, snapshotEvery: 5 });
  await fill(host, compact.at("kim"), 20);
  await host.compactor.settled();
  expect(await world.stored(compact.at("kim"))).toHaveLength(20);
});

test("a process whose knowledge compaction has overtaken reads on from the snapshot", async () => {
  await using world = await openJournalWorld();
  const [behind, ahead] = [await world.host(), await world.host()];
  const compact = accountsJournal({ compact: true, snapshotEvery: 5 });
  const at = compact.at("lea");
  await behind.deposit(at);
  await fill(ahead, at, 10);
  await sourced(world);
  await fill(ahead, at, 10);
  await ahead.compactor.settled();
  expect((await world.stored(at))[0]?.headers.get("parley-version")).not.toBe("2");
  expect(await behind.load(at)).toBe(21n);
  expect(await behind.deposit(at)).toBe(22n);
});

test("an older version whose events a newer one compacted away says so", async () => {
  await using world = await openJournalWorld();
  const newer = accountsJournal({ version: 2, compact: true, snapshotEvery: 5 }).at("mia");
  const host = await world.host();
  await fill(host, newer, 10);
  await sourced(world);
  await fill(host, newer, 10);
  await host.compactor.settled();
  const older = accountsJournal({ version: 1, compact: true, snapshotEvery: 5 }).at("mia");
  await expect((await world.host()).load(older)).rejects.toMatchObject({ code: "JOURNAL_AHEAD" });
});
