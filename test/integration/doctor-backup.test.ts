// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Broker, connectBroker, type NatsServer, startServer, streamNames } from "@parley/mesh/broker";
import { examine } from "@parley/mesh/doctor";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { accountAgent, auditAgent, counts } from "../agents/account-agent.ts";
import { AccountService } from "../gen/parley/test/v1/account_pb.js";
import { backUpStream, restoreStream, type StreamBackup } from "../tools/stream-backup.ts";
import { until } from "../tools/until.ts";

const namespace = "bank";
const names = streamNames(namespace);
const journal = names.journal("parley.test.v1");
const first = [names.events, names.commands];
const last = [names.schedules, names.dead, names.audit, journal];

let folder: string;
let server: NatsServer;
let broker: Broker;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-backup-"));
  server = await startServer({ storeDir: folder });
  broker = await connectBroker({ url: server.url, name: "test" });
});

afterEach(async () => {
  await broker.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const start = () => testMesh({ agents: [accountAgent, auditAgent], namespace, broker: server.url });

async function deposit(mesh: TestMesh, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await mesh.client(AccountService).deposit({ account: "ann", amount: 1n });
}

/** Runs the mesh, and takes EVENTS and COMMANDS when ann has 20, the journals when she has 25. */
async function backUpWhileItRuns(): Promise<ReadonlyMap<string, StreamBackup>> {
  await using mesh = await start();
  const backups = new Map<string, StreamBackup>();
  await deposit(mesh, 20);
  await mesh.settled();
  for (const stream of first) backups.set(stream, await backUpStream(broker, stream));
  await deposit(mesh, 5);
  for (const stream of last) backups.set(stream, await backUpStream(broker, stream));
  await deposit(mesh, 7);
  await mesh.drain();
  for (const stream of [...first, ...last]) await broker.manager.streams.delete(stream);
  return backups;
}

const messages = async (stream: string) => (await broker.manager.streams.info(stream)).state.messages;
/** Nobody hears before hosts are started. */
const wrong = async () =>
  (await examine(broker, namespace, { deep: true }))
    .filter(({ severity, code }) => severity !== "notice" && code !== "hearer-leftover")
    .map(({ code }) => code);

async function restore(backups: ReadonlyMap<string, StreamBackup>, streams: readonly string[]): Promise<void> {
  for (const stream of streams) {
    const backup = backups.get(stream);
    if (backup !== undefined) await restoreStream(broker, backup);
  }
}

test("a backup taken stream by stream from a running mesh is restored whole: nothing missing, nothing twice", async () => {
  const backups = await backUpWhileItRuns();
  await restore(backups, first);
  await broker.close();
  await server.restart();
  broker = await connectBroker({ url: server.url, name: "test" });
  await restore(backups, last);
  await until(async () => (await messages(names.events)) >= 25);
  expect(await wrong()).toEqual([]);
  await using mesh = await start();
  await deposit(mesh, 1);
  await mesh.settled();
  await expect(mesh.client(AccountService).getBalance({ account: "ann" })).resolves.toMatchObject({ balance: 26n });
  // Counted once each, also those that were heard a second time.
  expect(await mesh.load(counts.at("ann"))).toBe(26);
  expect(await messages(names.events)).toBe(26);
  expect(await wrong()).toEqual([]);
});

test("without a restart of the broker EVENTS takes everything a second time, which the doctor finds", async () => {
  const backups = await backUpWhileItRuns();
  await restore(backups, [...last, ...first]);
  await until(async () => (await messages(names.events)) >= 45);
  expect(await wrong()).toEqual(["event-doubled"]);
  await using mesh = await start();
  await mesh.settled();
  // A hearer that commits is not deceived.
  expect(await mesh.load(counts.at("ann"))).toBe(25);
});
