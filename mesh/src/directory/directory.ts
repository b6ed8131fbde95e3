// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type AgentProfile,
  AgentProfileSchema,
  InstanceStatus,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { BucketChange } from "../broker/bucket-watch.ts";
import type { Broker } from "../broker/connection.ts";
import { keyToken, nameToken } from "../broker/key-token.ts";
import { type Bucket, openBucket } from "../broker/key-value.ts";

/** How a directory is opened. */
export interface DirectoryOptions {
  readonly namespace: string;
  /** Default: 3 in a cluster, else 1. */
  readonly replicas?: number | undefined;
  /** Milliseconds between two signs of life; default 3 000. Real time, like the broker's. */
  readonly heartbeatMs?: number | undefined;
  /** Milliseconds without a sign of life after which an instance counts as lost; default 10 000. */
  readonly ttlMs?: number | undefined;
}

interface Seen {
  readonly profile: AgentProfile;
  readonly value: Uint8Array;
  readonly revision: number;
  /** Fires when no sign of life came for the TTL, by the clock of this process: those of the instances are not trusted. */
  readonly doubt: NodeJS.Timeout;
}

/**
 * Who serves what, where: a copy of the mesh's directory in this process, kept by watching. An instance whose signs of life
 * stay out is taken out when the broker has none either; while the broker is away nobody is, for calls do not need it.
 */
export class Directory implements AsyncDisposable {
  readonly heartbeatMs: number;
  readonly #broker: Broker;
  readonly #bucket: Bucket;
  readonly #ttlMs: number;
  readonly #seen = new Map<string, Seen>();
  readonly #listeners = new Set<() => void>();
  #stopWatching: () => void = () => {};
  #known: readonly AgentProfile[] = [];
  #closed = false;

  private constructor(broker: Broker, bucket: Bucket, options: DirectoryOptions) {
    this.#broker = broker;
    this.#bucket = bucket;
    this.heartbeatMs = options.heartbeatMs ?? 3_000;
    this.#ttlMs = options.ttlMs ?? 10_000;
  }

  /** Opens the directory of a namespace; resolves when all that is in it is known. */
  static async open(broker: Broker, options: DirectoryOptions): Promise<Directory> {
    const { namespace, replicas, ttlMs = 10_000 } = options;
    const bucket = await openBucket(broker, { namespace, purpose: "directory", ttlMs, replicas });
    const directory = new Directory(broker, bucket, options);
    directory.#stopWatching = await bucket.watch((change) => directory.#learn(change));
    for (const [key, entry] of await bucket.entries()) directory.#learn({ key, ...entry });
    return directory;
  }

  /** Every instance that has shown a sign of life lately, whatever its status, by id. */
  all(): readonly AgentProfile[] {
    return this.#known;
  }

  /** Instances that take calls for a service now. */
  instancesOf(service: string): readonly AgentProfile[] {
    return this.#known.filter(({ status, services }) => status === InstanceStatus.READY && services.includes(service));
  }

  /** Calls back after each change; a sign of life alone is none. Returns a function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves at the next change, at the latest after `withinMs` real milliseconds. */
  changed(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        end();
        resolve();
      };
      const end = this.onChange(done);
      const timer = setTimeout(done, withinMs);
    });
  }

  /** Calls back when a lost connection to the broker is there again. Returns a function that ends it. */
  onReconnect(listener: () => void): () => void {
    return this.#broker.onReconnect(listener);
  }

  /** Writes the profile; it is forgotten unless it is written again within the TTL. */
  async write(profile: AgentProfile): Promise<void> {
    const key = keyOf(profile);
    const value = toBinary(AgentProfileSchema, profile);
    this.#learn({ key, value, revision: await this.#bucket.put(key, value) });
  }

  /** Takes the profile out at once. */
  async remove(profile: AgentProfile): Promise<void> {
    await this.#bucket.delete(keyOf(profile));
    this.#forget(keyOf(profile));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#stopWatching();
    this.#listeners.clear();
    for (const { doubt } of this.#seen.values()) clearTimeout(doubt);
  }

  /** Changes come by several ways, so an older one may come after a newer one. */
  #learn({ key, value, revision }: BucketChange): void {
    const before = this.#seen.get(key);
    if (this.#closed || (before !== undefined && revision <= before.revision)) return;
    const profile = value === undefined ? undefined : profileIn(value);
    if (value === undefined || profile === undefined) {
      this.#forget(key);
      return;
    }
    clearTimeout(before?.doubt);
    this.#seen.set(key, { profile, value, revision, doubt: this.#doubtAfter(key, this.#ttlMs) });
    if (before === undefined || Buffer.compare(before.value, value) !== 0) this.#changed();
  }

  #forget(key: string): void {
    const before = this.#seen.get(key);
    if (before === undefined) return;
    clearTimeout(before.doubt);
    this.#seen.delete(key);
    this.#changed();
  }

  #changed(): void {
    this.#known = [...this.#seen.values()].map(({ profile }) => profile).sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const listener of [...this.#listeners]) listener();
  }

  #doubtAfter(key: string, delayMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#ask(key), delayMs).unref();
  }

  /** No sign of life came. The broker's word decides: perhaps it is the watch that is late. */
  async #ask(key: string): Promise<void> {
    const doubted = this.#seen.get(key);
    if (doubted === undefined) return;
    try {
      const entry = await this.#bucket.get(key);
      if (this.#closed || this.#seen.get(key) !== doubted) return;
      if (entry === undefined || entry.revision === doubted.revision) this.#forget(key);
      else this.#learn({ key, ...entry });
    } catch {
      // The broker is away, also for the instance, which gets time to show that it is alive when the broker is back.
      if (this.#closed || this.#seen.get(key) !== doubted) return;
      this.#seen.set(key, { ...doubted, doubt: this.#doubtAfter(key, this.heartbeatMs) });
    }
  }
}

/** Anybody may write into the bucket: what is no profile is not there. */
function profileIn(value: Uint8Array): AgentProfile | undefined {
  try {
    return fromBinary(AgentProfileSchema, value);
  } catch {
    return undefined;
  }
}

function keyOf({ name, id }: AgentProfile): string {
  return `${nameToken(name)}.${keyToken(id)}`;
}
