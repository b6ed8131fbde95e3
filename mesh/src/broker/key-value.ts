// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type KV, Kvm } from "@nats-io/kv";
import { answered } from "./answered.ts";
import { brokerError, isCreatedMeanwhile } from "./broker-error.ts";
import { type BucketChange, BucketWatch } from "./bucket-watch.ts";
import type { Broker } from "./connection.ts";
import { defaultReplicas } from "./ensure-stream.ts";
import { patiently } from "./patience.ts";
import { streamNames } from "./stream-names.ts";
import { underWay } from "./traffic.ts";

/** How a bucket is made. */
export interface BucketOptions {
  readonly namespace: string;
  /** What it is for, e.g. `directory`. */
  readonly purpose: string;
  /** Milliseconds after which an entry that is not written again is gone; default: never. */
  readonly ttlMs?: number | undefined;
  /** Default: 3 in a cluster, else 1. */
  readonly replicas?: number | undefined;
}

/** A value, and the revision under which it may be replaced. */
export interface BucketEntry {
  readonly value: Uint8Array;
  readonly revision: number;
}

/** A small key-value store in the broker. Keys are of letters, digits and `-_=./`. */
export interface Bucket {
  get(key: string): Promise<BucketEntry | undefined>;
  /** Writes without condition; gives the new revision. */
  put(key: string, value: Uint8Array): Promise<number>;
  /** Writes a key that has no value. @throws MeshError CONFLICT when it has one */
  create(key: string, value: Uint8Array): Promise<number>;
  /** Writes over a revision. @throws MeshError CONFLICT when it is not the newest */
  update(key: string, value: Uint8Array, revision: number): Promise<number>;
  /** Deletes a key; with a revision, only that one. @throws MeshError CONFLICT when it is not the newest */
  delete(key: string, revision?: number): Promise<void>;
  /** All values, read one by one. */
  entries(): Promise<ReadonlyMap<string, BucketEntry>>;
  /**
   * Tells of each entry there is, then of each change; after faults of the broker some are told again. `onChange` must not
   * throw. Returns a function that ends it.
   */
  watch(onChange: (change: BucketChange) => void): Promise<() => void>;
}

/** Opens a bucket, and makes it when it is not there yet. One that exists keeps its settings. */
export async function openBucket(broker: Broker, options: BucketOptions): Promise<Bucket> {
  const name = streamNames(options.namespace).bucket(options.purpose);
  const store = await patiently(broker, `opening bucket "${name}"`, () => openStore(broker, name, options));
  return bucketOver(broker, store, name);
}

async function openStore(broker: Broker, name: string, options: BucketOptions): Promise<KV> {
  const settings = {
    history: 1,
    replicas: options.replicas ?? defaultReplicas(broker),
    ttl: options.ttlMs ?? 0,
    // A follower could answer with what is no longer true.
    allow_direct: false,
  };
  const buckets = new Kvm(broker.jetstream);
  try {
    return await buckets.create(name, settings);
  } catch (error) {
    // Somebody else has just made it with other settings: then it is opened.
    if (!isCreatedMeanwhile(error)) throw error;
    return buckets.create(name, settings);
  }
}

function bucketOver(broker: Broker, store: KV, name: string): Bucket {
  const tried = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await underWay(broker, what, answered(broker, work()));
    } catch (error) {
      throw brokerError(error, `${what} in bucket "${name}"`);
    }
  };
  const get = async (key: string): Promise<BucketEntry | undefined> => {
    const entry = await tried(`reading "${key}"`, () => store.get(key));
    return entry === null || entry.operation !== "PUT" ? undefined : { value: entry.value, revision: entry.revision };
  };
  return {
    get,
    put: (key, value) => tried(`writing "${key}"`, () => store.put(key, value)),
    create: (key, value) => tried(`creating "${key}"`, () => store.create(key, value)),
    update: (key, value, revision) => tried(`updating "${key}"`, () => store.update(key, value, revision)),
    delete: (key, revision) =>
      tried(`deleting "${key}"`, () => store.delete(key, revision === undefined ? {} : { previousSeq: revision })),
    async entries() {
      const keys = await tried("listing keys", () => keysOf(store));
      const found = await Promise.all(keys.map(async (key) => [key, await get(key)] as const));
      return new Map(found.flatMap(([key, entry]) => (entry === undefined ? [] : [[key, entry] as const])));
    },
    async watch(onChange) {
      const watch = new BucketWatch({ broker, store, stream: `KV_${name}`, onChange });
      await tried("watching", () => watch.start());
      return () => watch.stop();
    },
  };
}

async function keysOf(store: KV): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const key of await store.keys()) keys.push(key);
  return keys;
}
