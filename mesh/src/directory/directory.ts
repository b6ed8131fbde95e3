// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import {
  type AgentInstance,
  type AgentProfile,
  InstanceStatus,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { BucketChange } from "../broker/bucket-watch.ts";
import type { Broker } from "../broker/connection.ts";
import { type Bucket, openBucket } from "../broker/key-value.ts";
import { type AgentFilter, type AgentFinder, isMeant } from "./agent-filter.ts";
import type { DirectoryChange } from "./directory-change.ts";
import { healthReport } from "./health-report.ts";
import { decodeRecord, encodeRecord, identityOf, type KnownInstance, recordKey } from "./instance-record.ts";

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
  readonly instance: KnownInstance;
  readonly identity: string;
  readonly revision: number;
  /** When its last sign of life came here: real milliseconds since the epoch, and since this process began. */
  readonly at: number;
  readonly tick: number;
  /** Signs of life are overdue. */
  readonly doubtful: boolean;
  /** Fires when signs of life stay out, by the clock of this process: those of the instances are not trusted. */
  readonly doubt: NodeJS.Timeout;
}

/** So many heartbeats without a sign of life, and three quarters of the TTL at most, make an instance doubtful: it is called last. */
const doubtfulAfter = 2.5;

/**
 * Who serves what, where: a copy of the mesh's directory in this process, kept by watching. An instance whose signs of life
 * stay out is taken out when the broker has none either; while the broker is away nobody is, for calls do not need it.
 */
export class Directory implements AgentFinder, AsyncDisposable {
  readonly heartbeatMs: number;
  readonly ttlMs: number;
  readonly #broker: Broker;
  readonly #bucket: Bucket;
  readonly #seen = new Map<string, Seen>();
  readonly #listeners = new Set<(change: DirectoryChange) => void>();
  #stopWatching: () => void = () => {};
  #known: readonly AgentProfile[] = [];
  #closed = false;

  private constructor(broker: Broker, bucket: Bucket, options: DirectoryOptions) {
    this.#broker = broker;
    this.#bucket = bucket;
    this.heartbeatMs = options.heartbeatMs ?? 3_000;
    this.ttlMs = options.ttlMs ?? 10_000;
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

  /** The same instances with state and health. */
  instances(): readonly AgentInstance[] {
    return [...this.#seen.values()].map((seen) => this.#view(seen)).sort(byId);
  }

  /** Instances that take calls for a service now; those whose signs of life are overdue stand last. */
  instancesOf(service: string): readonly AgentProfile[] {
    const ready = this.#known.filter(
      ({ status, services }) => status === InstanceStatus.READY && services.includes(service),
    );
    return ready.some((profile) => this.isDoubtful(profile))
      ? [...ready].sort((a, b) => Number(this.isDoubtful(a)) - Number(this.isDoubtful(b)))
      : ready;
  }

  /** Instances that take calls now and that the filter means, by id. */
  find(filter: AgentFilter): readonly AgentProfile[] {
    return this.#known.filter((profile) => profile.status === InstanceStatus.READY && isMeant(profile, filter));
  }

  /** Whether signs of life of an instance are overdue; it is not given up yet. */
  isDoubtful(profile: Pick<AgentProfile, "name" | "id">): boolean {
    return this.#seen.get(recordKey(profile))?.doubtful ?? false;
  }

  /** Calls back after each change; a sign of life alone is none. Returns a function that ends it. */
  onChange(listener: (change: DirectoryChange) => void): () => void {
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

  /** Writes an instance; it is forgotten unless it is written again within the TTL. */
  async write(instance: KnownInstance): Promise<void> {
    const key = recordKey(instance.profile);
    const value = encodeRecord(instance);
    this.#learn({ key, value, revision: await this.#bucket.put(key, value) });
  }

  /** Takes an instance out at once. */
  async remove(profile: AgentProfile): Promise<void> {
    const key = recordKey(profile);
    await this.#bucket.delete(key);
    this.#forget(key, "left");
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
    const instance = value === undefined ? undefined : decodeRecord(value);
    if (instance === undefined) {
      this.#forget(key, "left");
      return;
    }
    clearTimeout(before?.doubt);
    const identity = identityOf(instance);
    const quietMs = Math.min(this.heartbeatMs * doubtfulAfter, this.ttlMs * 0.75);
    const doubt = this.#later(quietMs, () => this.#doubt(key));
    const [at, tick] = [Date.now(), performance.now()];
    this.#seen.set(key, { instance, identity, revision, at, tick, doubtful: false, doubt });
    if (before === undefined) this.#changed("joined", key);
    else if (before.identity !== identity || before.doubtful) this.#changed("changed", key, before.instance.profile);
  }

  #forget(key: string, kind: "left" | "lost"): void {
    const before = this.#seen.get(key);
    if (before === undefined) return;
    clearTimeout(before.doubt);
    this.#seen.delete(key);
    const instance = kind === "lost" ? { ...before.instance, health: this.#health(before, "LOST") } : before.instance;
    this.#tell({ kind, instance, silentMs: performance.now() - before.tick });
  }

  #changed(kind: "joined" | "changed", key: string, before?: AgentProfile): void {
    const seen = this.#seen.get(key);
    if (seen !== undefined) this.#tell({ kind, instance: this.#view(seen), before });
  }

  #tell(change: DirectoryChange): void {
    this.#known = [...this.#seen.values()]
      .map(({ instance }) => instance.profile)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const listener of [...this.#listeners]) listener(change);
  }

  #later(delayMs: number, work: () => void): NodeJS.Timeout {
    return setTimeout(work, delayMs).unref();
  }

  /** Signs of life are overdue: it is called last from now on, and given up at the end of the TTL. */
  #doubt(key: string): void {
    const seen = this.#seen.get(key);
    if (seen === undefined) return;
    const doubt = this.#later(Math.max(0, this.ttlMs - (performance.now() - seen.tick)), () => void this.#ask(key));
    this.#seen.set(key, { ...seen, doubtful: true, doubt });
    this.#changed("changed", key, seen.instance.profile);
  }

  /** No sign of life came. The broker's word decides: perhaps it is the watch that is late. */
  async #ask(key: string): Promise<void> {
    const doubted = this.#seen.get(key);
    if (doubted === undefined) return;
    try {
      const entry = await this.#bucket.get(key);
      if (this.#closed || this.#seen.get(key) !== doubted) return;
      if (entry === undefined || entry.revision === doubted.revision) this.#forget(key, "lost");
      else this.#learn({ key, ...entry });
    } catch {
      // The broker is away, also for the instance, which gets time to show that it is alive when the broker is back.
      if (this.#closed || this.#seen.get(key) !== doubted) return;
      this.#seen.set(key, { ...doubted, doubt: this.#later(this.heartbeatMs, () => void this.#ask(key)) });
    }
  }

  /** What a registrar found by probing counts before what signs of life say, which are then the registrar's. */
  #view(seen: Seen): AgentInstance {
    const { instance, doubtful } = seen;
    return { ...instance, health: (doubtful ? undefined : instance.health) ?? this.#health(seen) };
  }

  #health({ at, tick, doubtful, instance }: Seen, status?: "LOST"): NonNullable<AgentInstance["health"]> {
    const { name, id } = instance.profile;
    return healthReport({
      lastAt: at,
      missed: Math.floor((performance.now() - tick) / this.heartbeatMs),
      status: status ?? (doubtful ? "UNHEALTHY" : "HEALTHY"),
      replaced: this.find({ name }).some((other) => other.id !== id && !this.isDoubtful(other)),
    });
  }
}

function byId(a: AgentInstance, b: AgentInstance): number {
  return (a.profile?.id ?? "") < (b.profile?.id ?? "") ? -1 : 1;
}
