// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLink } from "../../../test/crash/link.ts";
import { AccountChargedSchema, AccountDepositedSchema } from "../../../test/gen/parley/test/v1/account_pb.js";
import { startServer } from "../broker/server.ts";
import { accountsJournal, openJournalWorld } from "./testdata/journal-world.ts";

const accounts = accountsJournal();

test("a commit whose answer dies with the broker is neither doubled nor lost, of one key and of two [R29]", async () => {
  const storeDir = await mkdtemp(join(tmpdir(), "parley-test-"));
  await using server = await startServer({ storeDir });
  await using link = await openLink(Number(new URL(server.url).port));
  const world = await openJournalWorld(server.url);
  const host = await world.host({ url: link.url });
  const [from, to] = [accounts.at("ann"), accounts.at("bob")];
  await host.deposit(from, 10n);
  // Read beforehand, so that the only answer there is to lose is that of the append.
  await host.load(to);
  let decisions = 0;
  const move = () =>
    host.commit({ from, to }, (entries) => {
      decisions++;
      entries.from.append(AccountChargedSchema, { account: "ann", amount: 1n });
      entries.to.append(AccountDepositedSchema, { account: "bob", amount: 1n });
      return entries.to.state;
    });
  const commits = [() => host.deposit(from, 5n), move];
  for (const commit of commits) {
    const lost = link.loseAnswers();
    const done = commit();
    await lost;
    await server.kill();
    link.cut();
    await server.restart();
    await done;
  }
  const cold = await world.host();
  expect([await cold.load(from), await cold.load(to), decisions]).toEqual([14n, 1n, 1]);
  expect(await world.size()).toBe(4);
  expect(await host.deposit(from)).toBe(15n);
  await world[Symbol.asyncDispose]();
  await server.stop();
  await rm(storeDir, { recursive: true, force: true });
});

test("what is in doubt and then overtaken by another process is known by its reply", async () => {
  await using world = await openJournalWorld();
  await using link = await openLink(Number(new URL(world.url).port));
  const host = await world.host({ url: link.url });
  const rival = await world.host();
  const at = accounts.at("cleo");
  await host.deposit(at);
  const lost = link.loseAnswers();
  const done = host.deposit(at, 5n);
  await lost;
  await rival.deposit(at, 100n);
  link.cut();
  expect(await done).toBe(6n);
  expect(await host.load(at)).toBe(106n);
  expect(await world.stored(at)).toHaveLength(3);
});
