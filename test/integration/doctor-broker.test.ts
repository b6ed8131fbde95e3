// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { host } from "@parley/mesh";
import {
  type Broker,
  brokerAppender,
  connectBroker,
  ensureStreams,
  type NatsServer,
  Subjects,
  startCluster,
  startServer,
  streamNames,
} from "@parley/mesh/broker";
import { examine, type FindingCode } from "@parley/mesh/doctor";
import { afterEach, beforeEach, expect, test } from "vitest";
import { accountAgent } from "../agents/account-agent.ts";
import { until } from "../tools/until.ts";

const namespace = "set-back";
const domain = "parley.test.v1";
const happened = { domain, typeName: "parley.test.v1.Happened", priority: "HIGH" } as const;
const names = streamNames(namespace);
const journal = names.journal(domain);

let folder: string;
let server: NatsServer;
let broker: Broker;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-doctor-"));
  server = await startServer({ storeDir: join(folder, "store") });
  broker = await connectBroker({ url: server.url, name: "test" });
  await ensureStreams(broker, { namespace, domains: [domain] });
});

afterEach(async () => {
  await broker.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const subjects = new Subjects(namespace);
const newestOf = async (stream: string) => (await broker.manager.streams.info(stream)).state.last_seq;
const codes = async (deep = false) =>
  (await examine(broker, namespace, { deep })).filter(({ severity }) => severity !== "notice").map(({ code }) => code);

let published = 0;

/** Publishes so many events; with `sourced` waits until EVENTS has all that the journal has. */
async function publish(count: number, sourced = true): Promise<void> {
  const appender = brokerAppender(broker);
  for (let i = 0; i < count; i++) {
    const subject = subjects.outgoingEvent(happened, `k${i % 3}`);
    await appender.append({ subject, id: `m${++published}`, payload: new Uint8Array(), headers: new Map() });
  }
  if (sourced) await until(async () => (await newestOf(names.events)) >= (await newestOf(journal)));
}

const streamFolder = (root: string, stream: string) => join(root, "jetstream", "$G", "streams", stream);

async function whileStopped(work: () => Promise<void>): Promise<void> {
  await broker.close();
  await server.stop();
  await work();
  await server.restart();
  broker = await connectBroker({ url: server.url, name: "test" });
}

const backUp = () => whileStopped(() => cp(join(folder, "store"), join(folder, "backup"), { recursive: true }));

const restore = (...streams: readonly string[]) =>
  whileStopped(async () => {
    for (const stream of streams) {
      const into = streamFolder(join(folder, "store"), stream);
      await rm(into, { recursive: true });
      await cp(streamFolder(join(folder, "backup"), stream), into, { recursive: true });
    }
  });

test("a journal that was restored alone is found, and hosts of its agents refuse to start", async () => {
  await publish(30);
  await backUp();
  await publish(20);
  await restore(journal);
  const findings = await examine(broker, namespace);
  expect(findings.find(({ code }) => code === "journal-rolled-back")).toMatchObject({
    severity: "error",
    where: journal,
    what: expect.stringMatching(/^It ends at 30, but ".+_EVENTS" has taken 50 of it/),
  });
  await expect(host({ agents: [accountAgent], broker: server.url, namespace })).rejects.toMatchObject({
    code: "BROKER_UNSUITABLE",
    message: expect.stringContaining("rolled back"),
  });
});

test("what a rolled back journal lost is found even after the numbers agree again", async () => {
  await publish(30);
  await backUp();
  await publish(20);
  await restore(journal);
  await publish(25, false);
  await until(async () => (await newestOf(journal)) === 55);
  await until(async () => (await newestOf(names.events)) === 55);
  const found: readonly FindingCode[] = await codes();
  expect(found).toEqual(["event-not-sourced"]);
  const [finding] = await examine(broker, namespace, { deep: true });
  expect(finding).toMatchObject({
    code: "event-not-sourced",
    where: names.events,
    what: expect.stringMatching(/^20 message\(s\) of ".+" between 31 and 50 /),
  });
});

test("a backup of all streams is whole, and an EVENTS that is older than its journals catches up by itself", async () => {
  await publish(30);
  await backUp();
  await publish(20);
  await restore(names.events);
  await until(async () => (await newestOf(names.events)) === 50);
  expect(await codes(true)).toEqual([]);
  await restore(names.events, names.commands, journal, names.schedules);
  await publish(5);
  expect(await codes(true)).toEqual([]);
});

test("EVENTS and COMMANDS given up and made anew have what the journals still hold", async () => {
  await publish(30);
  await backUp();
  await publish(20);
  await restore(journal);
  await broker.manager.streams.delete(names.events);
  await broker.manager.streams.delete(names.commands);
  await ensureStreams(broker, { namespace, domains: [] });
  await publish(5);
  expect(await newestOf(names.events)).toBe(35);
  expect(await codes(true)).toEqual([]);
});

test("how the broker syncs is seen at its monitoring only", async () => {
  const seen = async (monitor: string) =>
    (await examine(broker, namespace, { monitor })).filter(({ code }) => code.startsWith("durability"));
  const monitored = (sync: string) => {
    const config = `http: "127.0.0.1:-1"\njetstream { store_dir: ${JSON.stringify(join(folder, sync))}, sync_interval: ${sync} }`;
    return startServer({ storeDir: join(folder, sync), config });
  };
  expect(await seen("http://127.0.0.1:1")).toMatchObject([{ code: "durability-unseen", severity: "notice" }]);
  await using always = await monitored("always");
  await using lazy = await monitored("2m");
  expect(await seen(await monitorOf(always))).toEqual([]);
  expect(await seen(await monitorOf(lazy))).toMatchObject([{ code: "durability-weak", severity: "error" }]);
});

test("streams of one mesh that are held by different numbers of servers are found", async () => {
  await using cluster = await startCluster({ storeDir: join(folder, "cluster") });
  await using connected = await connectBroker({ url: cluster.url, name: "test" });
  await ensureStreams(connected, { namespace, domains: [domain], replicas: 3 });
  const uneven = async () =>
    (await examine(connected, namespace)).filter(({ code }) => code === "stream-replicas").map(({ where }) => where);
  expect(await uneven()).toEqual([]);
  await connected.manager.streams.update(names.audit, { num_replicas: 1 });
  expect(await uneven()).toEqual([names.audit]);
});

async function monitorOf({ storeDir }: NatsServer): Promise<string> {
  const log = await readFile(join(storeDir, "nats-server.log"), "utf8");
  const address = /Starting http monitor on (\S+)/.exec(log)?.[1] ?? "";
  return `http://${address}`;
}
