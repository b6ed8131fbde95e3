// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { expect, test, vi } from "vitest";
import { AccountDepositedSchema, AccountTransferredSchema } from "../../../test/gen/parley/test/v1/account_pb.js";
import { maxHandled } from "./key-state.ts";
import { accountsJournal, domain, handledForMs, openJournalWorld } from "./testdata/journal-world.ts";

const accounts = accountsJournal();
const transferred = { from: "ann", to: "bob", amount: 1n };

test("a repeat gets the stored reply and does not decide again, on the same process and on another [R29]", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const at = accounts.at("ann");
  const decide = vi.fn(({ at }: { at: { append(type: unknown, init: object): void; state: bigint } }) => {
    at.append(AccountDepositedSchema, { account: "ann", amount: 5n });
    return { balance: at.state };
  });
  const origin = { causeId: "c1" };
  expect(await host.commit({ at }, decide as never, origin)).toEqual({ balance: 5n });
  await host.deposit(at);
  expect(await host.commit({ at }, decide as never, origin)).toEqual({ balance: 5n });
  expect(await (await world.host()).commit({ at }, decide as never, origin)).toEqual({ balance: 5n });
  expect(decide).toHaveBeenCalledTimes(1);
});

test("repeats at the same moment on two processes have one effect and one reply", async () => {
  await using world = await openJournalWorld();
  const hosts = [await world.host(), await world.host()];
  const at = accounts.at("bob");
  for (let turn = 1n; turn <= 20n; turn++) {
    const replies = await Promise.all(
      [...hosts, ...hosts].map((host) => host.deposit(at, 1n, { causeId: `c${turn}`, mayRepeat: true })),
    );
    expect(replies).toEqual([turn, turn, turn, turn]);
  }
  expect(await world.stored(at)).toHaveLength(20);
});

test("the reply of the very commit that stores a snapshot is kept too", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const at = accountsJournal({ snapshotEvery: 3 }).at("cleo");
  for (const causeId of ["c1", "c2", "c3"]) await host.deposit(at, 1n, { causeId });
  for (const [index, causeId] of ["c1", "c2", "c3"].entries()) {
    expect(await (await world.host()).deposit(at, 1n, { causeId })).toBe(BigInt(index + 1));
  }
  expect(await (await world.host()).load(at)).toBe(3n);
});

test("replies survive snapshot, compaction and restart, until nobody can ask for them any more", async () => {
  await using world = await openJournalWorld();
  const at = accountsJournal({ snapshotEvery: 5 }).at("dora");
  const host = await world.host();
  await host.deposit(at, 1n, { causeId: "old" });
  await world.clock.advance(handledForMs / 2);
  await host.deposit(at, 1n, { causeId: "young" });
  for (let turn = 0; turn < 5; turn++) await host.deposit(at);
  expect(await (await world.host()).deposit(at, 1n, { causeId: "old" })).toBe(1n);
  await world.clock.advance(handledForMs / 2 + 1);
  for (let turn = 0; turn < 5; turn++) await host.deposit(at);
  expect(await (await world.host()).deposit(at, 1n, { causeId: "young" })).toBe(2n);
  expect(await (await world.host()).deposit(at, 1n, { causeId: "old" })).toBe(13n);
});

test("a key keeps the replies of its latest thousand commits, not of all", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const at = accounts.at("eve");
  await host.deposit(at, 1n, { causeId: "first" });
  await host.deposit(at, 1n, { causeId: "second" });
  for (let turn = 0; turn < maxHandled - 1; turn++) await host.deposit(at);
  expect(await host.deposit(at, 1n, { causeId: "second" })).toBe(2n);
  expect(await host.deposit(at, 1n, { causeId: "first" })).toBe(BigInt(maxHandled + 2));
});

test("replies of every plain kind come back equal", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const nested = create(AccountTransferredSchema, transferred);
  const reply = {
    big: 2n ** 64n,
    bytes: new Uint8Array([1, 2]),
    at: new Date(5),
    nested,
    list: [1, null, "x"],
    no: undefined,
  };
  const give = (given: unknown) =>
    host.commit(
      { at: accounts.at("fay") },
      ({ at }) => {
        at.append(AccountDepositedSchema, { account: "fay", amount: 1n });
        return given;
      },
      { causeId: "c1" },
    );
  expect(await give(reply)).toBe(reply);
  expect(await give("never looked at")).toEqual(reply);
});

test("a reply that is too large, or not plain, is refused and nothing is stored", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const give = (reply: unknown) =>
    host.commit({ at: accounts.at("gus") }, ({ at }) => {
      at.append(AccountDepositedSchema, { account: "gus", amount: 1n });
      return reply;
    });
  await expect(give("x".repeat(32 * 1024 + 64))).rejects.toMatchObject({ code: "TOO_LARGE" });
  await expect(give({ run: () => 1 })).rejects.toMatchObject({ code: "COMMIT_INVALID" });
  expect(await world.size()).toBe(0);
  await give("x".repeat(32 * 1024 - 2));
  expect(await (await world.host()).load(accounts.at("gus"))).toBe(1n);
});

test("a commit that only announces leaves one mark, which goes away by itself", async () => {
  await using world = await openJournalWorld();
  const hosts = [await world.host(), await world.host()];
  const announce = (causeId: string, host = hosts[0]) =>
    host?.commit({}, (_, outbox) => outbox.publish(AccountTransferredSchema, transferred), {
      causeId,
      mayRepeat: true,
    });
  for (const host of [...hosts, ...hosts]) await announce("c1", host);
  await Promise.all([...hosts, ...hosts].map((host) => announce("c2", host)));
  expect(await world.size()).toBe(4);
  const of = world.subjects.handledMark(domain, "test.account", "c1");
  const mark = await world.broker.manager.streams.getMessage(world.stream, { last_by_subj: of });
  expect(mark?.header.get("Nats-TTL")).toBe(`${handledForMs / 1000}s`);
});

test("a commit that stores state leaves no mark", async () => {
  await using world = await openJournalWorld();
  await (await world.host()).deposit(accounts.at("hal"), 1n, { causeId: "c1" });
  expect(await world.size()).toBe(1);
});

test("a repeat that would decide otherwise gets the reply of the first time: announced once is not stored later", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const at = accounts.at("ida");
  const run = (mayStore: boolean) =>
    host.commit(
      { at },
      (entries, outbox) => {
        if (mayStore) entries.at.append(AccountDepositedSchema, { account: "ida", amount: 1n });
        else outbox.publish(AccountTransferredSchema, transferred);
        return mayStore;
      },
      { causeId: "c1", mayRepeat: true },
    );
  expect(await run(false)).toBe(false);
  expect(await run(true)).toBe(false);
  expect(await host.load(at)).toBe(0n);
});

test("a decision that stores nothing is remembered where the sender gave a key, else it is made again", async () => {
  await using world = await openJournalWorld();
  const host = await world.host();
  const at = accounts.at("jan");
  const look = (isKept: boolean) =>
    host.commit({ at }, (entries) => entries.at.state, { causeId: `kept ${isKept}`, isKept, mayRepeat: isKept });
  expect([await look(true), await look(false)]).toEqual([0n, 0n]);
  await host.deposit(at);
  expect([await look(true), await look(false)]).toEqual([0n, 1n]);
  expect(await world.size()).toBe(2);
});
