// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AccountChargedSchema, AccountDepositedSchema } from "../../../test/gen/parley/test/v1/account_pb.js";
import { type NatsCluster, startCluster } from "../broker/cluster.ts";
import type { MeshError } from "../mesh-error.ts";
import {
  type AccountKey,
  accountsJournal,
  type JournalHost,
  type JournalWorld,
  openJournalWorld,
} from "./testdata/journal-world.ts";

const accounts = accountsJournal({ snapshotEvery: 10 });
let storeDir: string;
let cluster: NatsCluster;
let world: JournalWorld;
let hosts: readonly JournalHost[];

beforeAll(async () => {
  storeDir = await mkdtemp(join(tmpdir(), "parley-cluster-"));
  cluster = await startCluster({ storeDir });
  world = await openJournalWorld(cluster.url);
  hosts = await Promise.all(cluster.servers.map(({ url }) => world.host({ url })));
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await cluster.stop();
  await rm(storeDir, { recursive: true, force: true });
});

/** Own numbers of a key's events, as they are stored. */
async function versionsOf(at: AccountKey): Promise<readonly number[]> {
  return (await world.stored(at)).map(({ headers }) => Number(headers.get("parley-version")));
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** Counts what was stored; what was not must have lost, definitely. */
async function storedOf(commits: readonly Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(commits);
  const lost = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as MeshError] : []));
  for (const error of lost) expect(error).toMatchObject({ code: "CONFLICT", mayHaveRun: false });
  return outcomes.length - lost.length;
}

/** Keys of this try: a test that is tried again finds nothing of the time before. */
const newAccounts = (...names: string[]) => {
  const tried = randomBytes(4).toString("hex");
  return names.map((name) => accounts.at(`${name}-${tried}`));
};

test("on three nodes each version of a key has one winner, whichever node a writer talks to [R37]", async () => {
  const [at] = newAccounts("ann") as [AccountKey];
  const stored = await storedOf(
    Array.from({ length: 90 }, (_, index) => (hosts[index % 3] as JournalHost).deposit(at)),
  );
  expect(stored).toBeGreaterThanOrEqual(30);
  expect(await versionsOf(at)).toEqual(upTo(stored));
  for (const host of hosts) expect(await host.deposit(at)).toBeGreaterThan(BigInt(stored));
});

test("on three nodes commits over several keys keep them together", async () => {
  const keys = newAccounts("bob", "cleo", "dora");
  for (const key of keys) await hosts[0]?.deposit(key, 100n);
  const transfer = (host: JournalHost, from: AccountKey, to: AccountKey) =>
    host.commit({ from, to }, (entries) => {
      entries.from.append(AccountChargedSchema, { account: from.key, amount: 1n });
      entries.to.append(AccountDepositedSchema, { account: to.key, amount: 1n });
    });
  const stored = await storedOf(
    Array.from({ length: 60 }, (_, index) =>
      transfer(
        hosts[index % 3] as JournalHost,
        keys[index % 3] as AccountKey,
        keys[(index + 1 + (index % 2)) % 3] as AccountKey,
      ),
    ),
  );
  const cold = await world.host();
  const balances = await Promise.all(keys.map((key) => cold.load(key)));
  expect(balances.reduce((sum, balance) => sum + balance, 0n)).toBe(300n);
  const versions = await Promise.all(keys.map(versionsOf));
  for (const row of versions) expect(row).toEqual(upTo(row.length));
  expect(versions.flat()).toHaveLength(3 + 2 * stored);
  expect(stored).toBeGreaterThan(0);
});

test("on three nodes a host that has never seen a key finds all that was committed before it asked, whichever node it asks", async () => {
  for (let round = 0; round < 10; round++) {
    const keys = newAccounts(...Array.from({ length: 9 }, (_, index) => `k${index}`));
    const found = keys.map(async (key, index) => {
      for (let turn = 0; turn < 3; turn++) await hosts[index % 3]?.deposit(key);
      return hosts[(index + 1 + (round % 2)) % 3]?.load(key);
    });
    expect(await Promise.all(found)).toEqual(keys.map(() => 3n));
  }
});
