// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { BucketChange } from "./bucket-watch.ts";
import { connectBroker } from "./connection.ts";
import { type Bucket, openBucket } from "./key-value.ts";
import { patiently } from "./patience.ts";
import { startServer } from "./server.ts";
import { openTestBroker } from "./testdata/test-broker.ts";

const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : new TextDecoder().decode(value));
const bytes = (value: string) => new TextEncoder().encode(value);

/** Texts by key as a watch tells them. */
async function watched(bucket: Bucket): Promise<ReadonlyMap<string, string | undefined>> {
  const told = new Map<string, string | undefined>();
  onTestFinished(await bucket.watch(({ key, value }: BucketChange) => told.set(key, text(value))));
  return told;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10);
}

test("a value is read as it was written, a deleted one is not there", async () => {
  await using mesh = await openTestBroker();
  const bucket = await openBucket(mesh.broker, { namespace: mesh.namespace, purpose: "test" });
  expect(await bucket.get("a.b")).toBeUndefined();
  const revision = await bucket.put("a.b", bytes("1"));
  const entry = await bucket.get("a.b");
  expect([entry?.revision, text(entry?.value)]).toEqual([revision, "1"]);
  await bucket.put("c", bytes("2"));
  expect([...(await bucket.entries())].map(([key, { value }]) => [key, text(value)])).toEqual([
    ["a.b", "1"],
    ["c", "2"],
  ]);
  await bucket.delete("a.b");
  expect(await bucket.get("a.b")).toBeUndefined();
  expect([...(await bucket.entries()).keys()]).toEqual(["c"]);
});

test("of many that create a key one wins, and only who knows the newest revision writes over it", async () => {
  await using mesh = await openTestBroker();
  const bucket = await openBucket(mesh.broker, { namespace: mesh.namespace, purpose: "test" });
  const outcomes = await Promise.allSettled(["1", "2", "3"].map((value) => bucket.create("key", bytes(value))));
  const won = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  expect(won).toHaveLength(1);
  const revision = won[0] ?? 0;
  await bucket.update("key", bytes("new"), revision);
  await expect(bucket.update("key", bytes("late"), revision)).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(bucket.delete("key", revision)).rejects.toMatchObject({ code: "CONFLICT" });
  expect(text((await bucket.get("key"))?.value)).toBe("new");
});

test("hosts that open a bucket at the same time with different settings share one", async () => {
  await using mesh = await openTestBroker();
  const { broker, namespace } = mesh;
  const open = (ttlMs: number) => openBucket(broker, { namespace, purpose: "test", ttlMs });
  const [first, second] = await Promise.all([open(60_000), open(70_000), open(80_000)]);
  await first.put("key", bytes("1"));
  expect(text((await second.get("key"))?.value)).toBe("1");
});

test("a watch tells what is there, then what changes", async () => {
  await using mesh = await openTestBroker();
  const bucket = await openBucket(mesh.broker, { namespace: mesh.namespace, purpose: "test" });
  await bucket.put("old", bytes("1"));
  const told = await watched(bucket);
  await until(() => told.get("old") === "1");
  await bucket.put("new", bytes("2"));
  await bucket.delete("old");
  await until(() => told.get("new") === "2" && told.has("old") && told.get("old") === undefined);
});

test("a watch goes on after its consumer was deleted and after the broker was killed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-bucket-"));
  await using server = await startServer({ storeDir: folder });
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await using broker = await connectBroker({ url: server.url, name: "test" });
  const bucket = await openBucket(broker, { namespace: "test", purpose: "test" });
  const told = await watched(bucket);
  for await (const { name } of broker.manager.consumers.list("KV_test_test")) {
    await broker.manager.consumers.delete("KV_test_test", name);
  }
  await bucket.put("first", bytes("1"));
  await until(() => told.get("first") === "1");
  await server.kill();
  await server.restart();
  // The first attempt may go to the dead broker.
  await patiently(broker, "writing", () => bucket.put("second", bytes("2")));
  await until(() => told.get("second") === "2");
});
