// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import {
  type AgentProfile,
  AgentProfileSchema,
  InstanceStatus,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { expect, onTestFinished, test } from "vitest";
import { type Broker, connectBroker } from "../broker/connection.ts";
import { openBucket } from "../broker/key-value.ts";
import { startServer } from "../broker/server.ts";
import { openTestBroker } from "../broker/testdata/test-broker.ts";
import { Directory } from "./directory.ts";
import { Registration } from "./registration.ts";

const service = "parley.test.v1.TestService";
const quick = { heartbeatMs: 100, ttlMs: 1_500 };

function profileOf(id: string): AgentProfile {
  const status = InstanceStatus.STARTING;
  return create(AgentProfileSchema, { id, name: "test.agent", services: [service], endpoint: `http://${id}`, status });
}

async function open(broker: Broker, namespace: string): Promise<Directory> {
  const directory = await Directory.open(broker, { namespace, ...quick });
  onTestFinished(() => directory[Symbol.asyncDispose]());
  return directory;
}

/** Registers an instance from a process of its own, so to say. */
async function enter(directory: Directory, id: string): Promise<Registration> {
  const registration = await Registration.begin(directory, profileOf(id));
  onTestFinished(() => registration.leave());
  await registration.ready();
  return registration;
}

const serving = (directory: Directory) => directory.instancesOf(service).map(({ id }) => id);

async function until(directory: Directory, condition: () => boolean): Promise<void> {
  while (!condition()) await directory.changed(100);
}

test("two hosts see each other, and only the instances that are ready are called", async () => {
  await using mesh = await openTestBroker();
  const [left, right] = [await open(mesh.broker, mesh.namespace), await open(mesh.broker, mesh.namespace)];
  await enter(left, "a");
  const starting = await Registration.begin(right, profileOf("b"));
  onTestFinished(() => starting.leave());
  await until(left, () => left.all().length === 2);
  await until(right, () => right.all().length === 2);
  expect([serving(left), serving(right)]).toEqual([["a"], ["a"]]);
  await starting.ready();
  await until(left, () => serving(left).length === 2);
  expect(left.instancesOf("parley.other.v1.OtherService")).toEqual([]);
});

test("who opens the directory later knows at once who is there", async () => {
  await using mesh = await openTestBroker();
  await enter(await open(mesh.broker, mesh.namespace), "a");
  expect(serving(await open(mesh.broker, mesh.namespace))).toEqual(["a"]);
});

test("an instance that drains is seen to drain before it is gone", async () => {
  await using mesh = await openTestBroker();
  const [left, right] = [await open(mesh.broker, mesh.namespace), await open(mesh.broker, mesh.namespace)];
  const registration = await enter(left, "a");
  await until(right, () => serving(right).length === 1);
  const seen: (InstanceStatus | undefined)[] = [];
  right.onChange(() => seen.push(right.all()[0]?.status));
  await registration.draining();
  await registration.leave();
  await until(right, () => right.all().length === 0);
  expect(seen).toEqual([InstanceStatus.DRAINING, undefined]);
});

test("an instance that stops showing signs of life disappears, one that goes on stays", async () => {
  await using mesh = await openTestBroker();
  const right = await open(mesh.broker, mesh.namespace);
  const host = await connectBroker({ url: mesh.broker.url, name: "dies" });
  await enter(await open(host, mesh.namespace), "dead");
  await enter(await open(mesh.broker, mesh.namespace), "alive");
  await until(right, () => serving(right).length === 2);
  const lastSign = performance.now();
  await host.close();
  await until(right, () => !serving(right).includes("dead"));
  expect(serving(right)).toEqual(["alive"]);
  // With much to spare; a sign that was under way when it died counts too.
  expect(performance.now() - lastSign).toBeLessThan(10 * (quick.ttlMs + quick.heartbeatMs));
  await delay(quick.ttlMs * 1.5);
  expect(serving(right)).toEqual(["alive"]);
});

test("a sign of life alone is no change", async () => {
  await using mesh = await openTestBroker();
  const [left, right] = [await open(mesh.broker, mesh.namespace), await open(mesh.broker, mesh.namespace)];
  await enter(left, "a");
  await until(right, () => serving(right).length === 1);
  const changes: unknown[] = [];
  let doubted = 0;
  right.onChange(({ kind, instance: { profile } }) => {
    // On a busy machine a sign may be overdue, which is a change, and come after all, which is one more.
    if (kind === "changed" && profile !== undefined && right.isDoubtful(profile)) doubted++;
    else if (kind !== "changed" || --doubted < 0) changes.push(kind);
  });
  await delay(quick.heartbeatMs * 4);
  expect(changes).toEqual([]);
});

test("what is no profile is passed over", async () => {
  await using mesh = await openTestBroker();
  const directory = await open(mesh.broker, mesh.namespace);
  const bucket = await openBucket(mesh.broker, { namespace: mesh.namespace, purpose: "directory" });
  await bucket.put("garbage", new Uint8Array([0xff, 0xff, 0xff]));
  await enter(await open(mesh.broker, mesh.namespace), "a");
  await until(directory, () => serving(directory).length === 1);
  expect(directory.all()).toHaveLength(1);
});

test("while the broker is away nobody is given up, and who is alive is there when it is back", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-directory-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await using server = await startServer({ storeDir: folder });
  await using broker = await connectBroker({ url: server.url, name: "test" });
  const [left, right] = [await open(broker, "test"), await open(broker, "test")];
  const registration = await enter(left, "a");
  await until(right, () => serving(right).length === 1);
  await server.kill();
  await delay(quick.ttlMs * 2);
  expect(serving(right)).toEqual(["a"]);
  await server.restart();
  const bucket = await openBucket(broker, { namespace: "test", purpose: "directory" });
  while ((await bucket.entries()).size === 0) await delay(20);
  expect(serving(right)).toEqual(["a"]);
  await registration.leave();
  await until(right, () => right.all().length === 0);
});
