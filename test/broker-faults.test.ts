// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  type Broker,
  brokerAppender,
  connectBroker,
  ensureStreams,
  type NatsServer,
  pull,
  Subjects,
  startCluster,
  startServer,
  streamNames,
} from "@parley/mesh/broker";
import { afterEach, beforeEach, expect, test } from "vitest";

const namespace = "faults";
const domain = "parley.test.v1";
const happened = { domain, typeName: "parley.test.v1.Happened", priority: "HIGH" } as const;
const subjects = new Subjects(namespace);
const names = streamNames(namespace);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-faults-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Publishes and hears while something breaks; in the end everything acknowledged was heard, and EVENTS has it once, in order. */
async function publishThrough(
  broker: Broker,
  faults: (more: (count: number) => Promise<void>) => Promise<void>,
): Promise<void> {
  await ensureStreams(broker, { namespace, domains: [domain] });
  const appender = brokerAppender(broker);
  const heard = new Set<string>();
  const durable = {
    stream: names.events,
    name: "hearer",
    filters: [subjects.heardEvent(happened.typeName)],
    from: "retained",
  } as const;
  const pulled = pull(broker, {
    durable,
    maxMessages: 8,
    async onMessage(message) {
      heard.add(new TextDecoder().decode(message.payload));
      message.ack();
    },
  });
  const published: string[] = [];
  const ending = new AbortController();
  const publishing = (async () => {
    while (!ending.signal.aborted) {
      const id = `m${published.length + 1}`;
      await appender.append({
        subject: subjects.outgoingEvent(happened, "k"),
        id,
        payload: Buffer.from(id),
        headers: new Map(),
      });
      published.push(id);
      await delay(5);
    }
  })();
  /** Waits until `count` more are published. */
  const more = async (count: number) => {
    for (const goal = published.length + count; published.length < goal; ) await delay(10);
  };
  await faults(more);
  ending.abort();
  await publishing;
  while (heard.size < published.length) await delay(50);
  await pulled.stop();
  const events = await broker.manager.streams.get(names.events);
  const stored: string[] = [];
  const { state } = await events.info();
  for (let seq = state.first_seq; seq <= state.last_seq; seq++)
    stored.push((await events.getMessage({ seq }))?.string() ?? "");
  expect(stored).toEqual(published);
}

test("kill and restart of a single broker, again and again, loses and doubles nothing", async () => {
  await using server = await startServer({ storeDir: folder });
  await using broker = await connectBroker({ url: server.url, name: "test" });
  await publishThrough(broker, async (more) => {
    for (let round = 0; round < 5; round++) {
      await more(20);
      await server.kill();
      await server.restart();
    }
    await more(20);
  });
});

/** The node that leads a stream now. */
async function leaderOf(broker: Broker, stream: string, servers: readonly NatsServer[]): Promise<NatsServer> {
  for (;;) {
    const leader = (await broker.manager.streams.info(stream).catch(() => undefined))?.cluster?.leader;
    for (const server of servers) {
      if (leader !== undefined && (await nameOf(server)) === leader) return server;
    }
    await delay(100);
  }
}

async function nameOf(server: NatsServer): Promise<string | undefined> {
  await using broker = await connectBroker({ url: server.url, name: "test" });
  return broker.connection.info?.server_name;
}

test("the loss of the leaders of a cluster of three loses and doubles nothing", async () => {
  await using cluster = await startCluster({ storeDir: folder });
  await using broker = await connectBroker({ url: cluster.url, name: "test" });
  await publishThrough(broker, async (more) => {
    await more(20);
    for (const stream of [names.journal(domain), names.events]) {
      const leader = await leaderOf(broker, stream, cluster.servers);
      await leader.kill();
      // Only the others are left to take them.
      await more(20);
      await leader.restart();
      await more(20);
    }
  });
  const { config, cluster: replicas } = await broker.manager.streams.info(names.events);
  expect([config.num_replicas, replicas?.replicas?.length]).toEqual([3, 2]);
}, 120_000);

test("on a cluster of three, too, one of many writers of a key wins", async () => {
  await using cluster = await startCluster({ storeDir: folder });
  await using broker = await connectBroker({ url: cluster.url, name: "test" });
  await ensureStreams(broker, { namespace, domains: [domain] });
  const appender = brokerAppender(broker);
  for (let round = 0; round < 10; round++) {
    const key = { domain, journal: "account", key: `k${round}` };
    const expect0 = { filter: subjects.stateOf(key), lastSequence: 0 };
    const attempts = Array.from({ length: 6 }, (_, index) => {
      const subject = subjects.stateEvent(key, `parley.test.v1.T${index}`, undefined);
      return appender.append({
        subject,
        id: `${round}-${index}`,
        payload: Buffer.from("x"),
        headers: new Map(),
        expect: expect0,
      });
    });
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  }
});
