// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import { type Context, defineAgent, defineJournal, type Host, host, MeshError, serve } from "@parley/mesh";
import type { Broker } from "@parley/mesh/broker";
import {
  AccountChargedSchema,
  AccountCountedSchema,
  AccountDepositedSchema,
  AccountService,
  AccountTransferredSchema,
} from "../test/gen/parley/test/v1/account_pb.js";
import { withBenchBroker } from "./bench-broker.ts";
import { type Measured, measure, report } from "./measure.ts";

/** Balances; one definition with snapshots and one that always reads every event. */
function balances(name: string, snapshotEvery: number) {
  return defineJournal({
    name,
    version: 1,
    events: [AccountDepositedSchema, AccountChargedSchema, AccountCountedSchema],
    initial: () => 0n,
    evolve: (balance, event) => ("amount" in event ? balance + event.amount : balance),
    snapshotEvery,
  });
}

const accounts = balances("accounts", 100);
const unsnapped = balances("unsnapped", 0);

/** An agent whose handler does what the bench wants: only handlers commit. */
function benchAgent() {
  let work: (ctx: Context) => Promise<void> = () => Promise.resolve();
  const run = async (_: unknown, ctx: Context) => {
    await work(ctx);
    return {};
  };
  const agent = defineAgent({
    name: "test.account",
    serves: [serve(AccountService, { deposit: run, transfer: run, getBalance: run })],
  });
  const within = async (hosted: Host, todo: (ctx: Context) => Promise<void>) => {
    work = todo;
    await hosted.client(AccountService).transfer({ amount: 1n });
  };
  return { agent, within };
}

/**
 * What does a commit cost over a plain publish with an expected sequence? And what do loading a long key, and a thousand
 * writers on one key, come to? One broker on the disk of this machine, its sync interval as shipped.
 */
export async function run(): Promise<void> {
  await withBenchBroker(async (broker, url) => {
    const [one, two] = [benchAgent(), benchAgent()];
    const open = (agent: typeof one.agent) => host({ agents: [agent], broker: url, namespace: "bench" });
    await using first = await open(one.agent);
    await using second = await open(two.agent);
    const plain = await plainPublishes(broker);
    await one.within(first, (ctx) => commits(ctx, plain));
    await one.within(first, wideCommits);
    for (const journal of [accounts, unsnapped]) {
      for (const copy of copies) await one.within(first, (ctx) => longKey(ctx, journal.at(`long-${copy}`)));
    }
    await loads(second);
    await crowd(
      (todo) => one.within(first, todo),
      (todo) => two.within(second, todo),
    );
  });
}

interface Plain {
  readonly oneKey: Measured;
  readonly manyKeys: Measured;
}

const one = { callers: 1, forMs: 1_500 };
const many = { callers: 32, forMs: 1_500 };

/** The peer: a client that publishes with an expected sequence and nothing else, into a stream like a journal's. */
async function plainPublishes({ jetstream, manager }: Broker): Promise<Plain> {
  await manager.streams.add({ name: "PLAIN", subjects: ["plain.>"], allow_direct: true });
  let id = 0;
  const writer = (key: string) => {
    let sequence = 0;
    return async () => {
      const expect = { lastSubjectSequence: sequence };
      sequence = (await jetstream.publish(`plain.${key}`, new Uint8Array(40), { expect, msgID: `p${++id}` })).seq;
    };
  };
  const single = writer("one");
  const idle = Array.from({ length: many.callers }, (_, index) => writer(`key-${index}`));
  const oneKey = await measure(single, one);
  const manyKeys = await measure(async () => {
    const write = idle.pop();
    if (write === undefined) throw new Error("more callers than writers");
    await write();
    idle.push(write);
  }, many);
  report("plain OCC publish, one key, 1 writer", oneKey);
  report("plain OCC publish, 32 keys, 32 writers", manyKeys);
  return { oneKey, manyKeys };
}

async function commits(ctx: Context, plain: Plain): Promise<void> {
  const deposit = (account: string) =>
    ctx.commit({ at: accounts.at(account) }, ({ at }) => at.append(AccountDepositedSchema, { account, amount: 1n }));
  report("commit, one key, 1 writer", await measure(() => deposit("one"), one), plain.oneKey);
  report("commit, one key, 32 writers", await measure(() => deposit("crowded"), many), plain.oneKey);
  let next = 0;
  report("commit, 32 keys, 32 writers", await measure(() => deposit(`key-${next++ % 32}`), many), plain.manyKeys);
  const publish = () =>
    ctx.commit({}, (_, outbox) => outbox.publish(AccountTransferredSchema, { from: "a", amount: 1n }));
  report("commit that only publishes, 32 writers", await measure(publish, many), plain.manyKeys);
}

async function wideCommits(ctx: Context): Promise<void> {
  let next = 0;
  const transfer = () => {
    const [from, to] = [`from-${++next % 64}`, `to-${next % 64}`];
    return ctx.commit({ from: accounts.at(from), to: accounts.at(to) }, (entries) => {
      entries.from.append(AccountChargedSchema, { account: from, amount: 1n });
      entries.to.append(AccountDepositedSchema, { account: to, amount: 1n });
    });
  };
  const alone = await measure(transfer, one);
  report("commit, two keys at once, 1 writer", alone);
  report("commit, two keys at once, 32 writers", await measure(transfer, many), alone);
}

const long = 10_000;
const copies = ["a", "b", "c"];

/** Writes a key of ten thousand events. */
async function longKey(ctx: Context, key: ReturnType<typeof accounts.at>): Promise<void> {
  for (let done = 0; done < long; done += 500) {
    await ctx.commit({ key }, (entries) => {
      for (let entry = 0; entry < 500; entry++) entries.key.append(AccountCountedSchema, { account: key.key });
    });
  }
}

/** Loads them in a process that has not seen them. */
async function loads(cold: Host): Promise<void> {
  for (const [name, journal] of [
    ["without snapshots", unsnapped],
    ["with snapshots", accounts],
  ] as const) {
    const took: number[] = [];
    const before = cold.broker.connection.stats().inMsgs;
    for (const copy of copies) {
      const started = performance.now();
      await cold.load(journal.at(`long-${copy}`));
      took.push(performance.now() - started);
    }
    const read = (cold.broker.connection.stats().inMsgs - before) / copies.length;
    const median = took.sort((a, b) => a - b)[Math.floor(took.length / 2)] ?? Number.NaN;
    const label = `load ${long.toLocaleString("en")} events cold, ${name}`;
    console.log(`  ${label.padEnd(46)}${median.toFixed(1).padStart(9)} ms  ${Math.round(read)} messages read`);
  }
}

type Within = (todo: (ctx: Context) => Promise<void>) => Promise<void>;

/** A thousand writers on one key, half of them on each of two hosts. */
async function crowd(...hosts: readonly Within[]): Promise<void> {
  const outcomes = { stored: 0, conflict: 0, other: 0 };
  const started = performance.now();
  const writer = async (ctx: Context) => {
    try {
      await ctx.commit({ at: accounts.at("crowd") }, ({ at }) =>
        at.append(AccountDepositedSchema, { account: "crowd", amount: 1n }),
      );
      outcomes.stored++;
    } catch (error) {
      outcomes[MeshError.from(error).code === "CONFLICT" ? "conflict" : "other"]++;
    }
  };
  await Promise.all(
    hosts.map((within) =>
      within(async (ctx) => void (await Promise.all(Array.from({ length: 500 }, () => writer(ctx))))),
    ),
  );
  const { stored, conflict, other } = outcomes;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `  1,000 writers on one key over two hosts: ${stored} stored, ${conflict} lost, ${other} in doubt, in ${seconds} s`,
  );
}
