// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Broker, connectBroker, type NatsServer, startCluster, streamNames } from "@parley/mesh/broker";
import { startLife } from "./agent-life.ts";
import { ask } from "./ask.ts";
import { type Violation, violationsOf } from "./invariants.ts";
import { enter, openLedger, readLedger } from "./ledger.ts";
import { domain, readRecord } from "./record.ts";
import { settled } from "./settle.ts";
import type { Step } from "./steps.ts";

/** Whose leader is killed. */
export type Leader = "journal" | "events";

const accounts = 6;
/** Deposits on each account at most. */
const maxDeposits = 120;
/** Between two deposits on one account: the writers outlast the faults, and the run stays bounded. */
const pauseMs = 250;
/** Deposits on each account before the first fault, between two and after the last. */
const between = 6;
/** How long a killed node stays away: long enough for much to be written and compacted without it. */
const awayMs = 1_500;
const namespace = "crash";

export interface ThreeNodesResult {
  readonly violations: readonly Violation[];
  readonly events: number;
  readonly removed: number;
  readonly tookMs: number;
}

/**
 * Three nodes, an agent process that commits, compacts and hears, and kill -9 of whichever node leads a stream. At the end each
 * answered deposit is in EVENTS once, was heard once, and no key has a hole, although the journal was compacted all the time.
 */
export async function threeNodes(kills: readonly Leader[], mutant?: string): Promise<ThreeNodesResult> {
  const started = Date.now();
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "parley-crash-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const cluster = opened.use(await startCluster({ storeDir: folder, maxFileStoreBytes: 2 ** 50 }));
  const ledger = join(folder, "ledger");
  openLedger(ledger);
  const life = opened.use(startLife({ broker: cluster.url, namespace, ledger, replicas: 3, mutant }));
  const url = await life.url;
  if (url === undefined) throw new Error("the agent process does not get ready");
  const broker = opened.use(await connectBroker({ url: cluster.url, name: "crash harness" }));

  const steps: Step[] = [];
  const counts = Array.from({ length: accounts }, () => 0);
  let isOver = false;
  let isPaused = false;
  const write = async (account: number) => {
    for (let number = 1; number <= maxDeposits && !isOver; number++) {
      const reference = `deposit-${account}-${number}`;
      const step = { kind: "deposit", reference, account: `account-${account}`, amount: 1 } as const;
      steps.push(step);
      const { kind: _kind, ...request } = step;
      enter(ledger, { kind: "intent", reference });
      let answer = await ask(url, "Deposit", request);
      while (answer === undefined) {
        await delay(pauseMs);
        answer = await ask(url, "Deposit", request);
      }
      enter(ledger, { kind: "answer", reference, answer });
      counts[account] = number;
      do await delay(pauseMs);
      while (isPaused);
    }
  };
  const writers = counts.map((_, account) => write(account));
  const more = async () => {
    const wanted = counts.map((count) => Math.min(maxDeposits, count + between));
    while (counts.some((count, account) => count < (wanted[account] ?? 0))) await delay(20);
  };
  await more();
  for (const kill of kills) {
    const node = await leaderOf(broker, cluster.servers, kill);
    // Sourcing confirms what it has when nothing comes for a second: from then on there is something that may be compacted.
    isPaused = true;
    await settled(broker, namespace, { deadline: Date.now() + 20_000, confirmed: true });
    isPaused = false;
    await node.kill();
    await delay(awayMs);
    await node.restart();
    await more();
  }
  isOver = true;
  await Promise.all(writers);
  const isSettled = await settled(broker, namespace, { deadline: Date.now() + 60_000 });
  const record = await readRecord(broker, namespace);
  const violations = [...violationsOf({ steps, record, ledger: readLedger(ledger) })];
  if (!isSettled) violations.push("I8: events stay pending");
  const kept = new Set(record.journal.map(({ id }) => id));
  const removed = record.events.filter(({ id }) => !kept.has(id)).length;
  if (Math.max(...counts) === maxDeposits) violations.push("the writers were done before the faults");
  if (removed === 0) violations.push("nothing was compacted, so the run shows nothing about it");
  return {
    violations,
    events: record.events.length,
    removed,
    tookMs: Date.now() - started,
  };
}

/** The node that leads a stream; the other stream is led elsewhere, so that it is this one's loss that is met. */
async function leaderOf(broker: Broker, nodes: readonly NatsServer[], leader: Leader): Promise<NatsServer> {
  const names = streamNames(namespace);
  const [journal, events] = [names.journal(domain), names.events];
  for (;;) {
    const [of, other] = await Promise.all([journal, events].map((stream) => leads(broker, stream)));
    if (of !== undefined && other !== undefined && of !== other) {
      const name = leader === "journal" ? of : other;
      for (const node of nodes) if ((await nameOf(node)) === name) return node;
    }
    await broker.connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${events}`, "", { timeout: 2_000 }).catch(() => {});
    await delay(200);
  }
}

async function leads(broker: Broker, stream: string): Promise<string | undefined> {
  const info = await broker.manager.streams.info(stream).catch(() => undefined);
  return info?.cluster?.leader;
}

async function nameOf({ url }: NatsServer): Promise<string | undefined> {
  await using broker = await connectBroker({ url, name: "crash harness" });
  return broker.connection.info?.server_name;
}
