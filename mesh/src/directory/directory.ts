// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type AgentProfile,
  AgentProfileSchema,
  InstanceStatus,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { Broker } from "../broker/connection.ts";
import { type Bucket, openBucket } from "../broker/key-value.ts";

/** How a directory is opened. */
export interface DirectoryOptions {
  readonly namespace: string;
  readonly replicas?: number | undefined;
  /** Milliseconds between two signs of life; default 3 000. Real time, like the broker's. */
  readonly heartbeatMs?: number | undefined;
  /** Milliseconds without a sign of life after which an instance counts as lost; default 10 000. */
  readonly ttlMs?: number | undefined;
}

interface Seen {
  readonly profile: AgentProfile;
  /** By the monotonic clock of this process: instances' own clocks are not trusted. */
  readonly at: number;
}

/**
 * Who serves what, where: a copy of the mesh's directory in this process, kept by watching the bucket and read anew at every
 * heartbeat, so that a watch that was lost is noticed.
 */
export class Directory implements AsyncDisposable {
  readonly heartbeatMs: number;
  readonly #bucket: Bucket;
  readonly #ttlMs: number;
  readonly #seen = new Map<string, Seen>();
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #stopWatching: (() => void) | undefined;
  #known: readonly AgentProfile[] = [];

  private constructor(bucket: Bucket, options: DirectoryOptions) {
    this.#bucket = bucket;
    this.heartbeatMs = options.heartbeatMs ?? 3_000;
    this.#ttlMs = options.ttlMs ?? 10_000;
  }

  /** Opens the directory of a namespace; resolves when all that is in it is known. */
  static async open(broker: Broker, options: DirectoryOptions): Promise<Directory> {
    const { namespace, replicas, ttlMs = 10_000 } = options;
    const bucket = await openBucket(broker, { namespace, purpose: "directory", ttlMs, replicas });
    const directory = new Directory(bucket, options);
    directory.#stopWatching = await bucket.watch(({ key, value }) => directory.#learn(key, value));
    await directory.#read();
    directory.#timer = setInterval(() => void directory.#read().catch(() => {}), directory.heartbeatMs);
    directory.#timer.unref();
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

  /** Calls back after each change. Returns a function that ends it. */
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

  /** Writes the profile; it is forgotten unless it is written again within the TTL. */
  async write(profile: AgentProfile): Promise<void> {
    const value = toBinary(AgentProfileSchema, profile);
    await this.#bucket.put(keyOf(profile), value);
    this.#learn(keyOf(profile), value);
  }

  /** Takes the profile out at once. */
  async remove(profile: AgentProfile): Promise<void> {
    await this.#bucket.delete(keyOf(profile));
    this.#learn(keyOf(profile), undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#stopWatching?.();
    this.#listeners.clear();
  }

  /** What the broker still has is alive; its TTL has already taken out the others. */
  async #read(): Promise<void> {
    const entries = await this.#bucket.entries();
    for (const [key, value] of entries) this.#learn(key, value);
    for (const [key, { at }] of this.#seen) {
      if (!entries.has(key) || performance.now() - at > this.#ttlMs) this.#learn(key, undefined);
    }
  }

  #learn(key: string, value: Uint8Array | undefined): void {
    if (value === undefined) {
      if (!this.#seen.delete(key)) return;
    } else {
      this.#seen.set(key, { profile: fromBinary(AgentProfileSchema, value), at: performance.now() });
    }
    this.#known = [...this.#seen.values()].map(({ profile }) => profile).sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const listener of [...this.#listeners]) listener();
  }
}

function keyOf({ name, id }: AgentProfile): string {
  return `${name}.${id}`;
}
