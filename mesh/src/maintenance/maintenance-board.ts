// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Maintenance, MaintenanceSchema } from "@parley/contracts/parley/mesh/v1/maintenance_pb.js";
import type { BucketChange } from "../broker/bucket-watch.ts";
import type { Broker } from "../broker/connection.ts";
import { keyToken } from "../broker/key-token.ts";
import { type Bucket, openBucket } from "../broker/key-value.ts";
import { MeshError } from "../mesh-error.ts";
import { ownDomain } from "../own-domain.ts";

/**
 * Which maintenances are underway: a copy in this process, kept by watching the broker. While the broker is away the last
 * word stands; a process that starts knows all before it takes its first message.
 */
export class MaintenanceBoard implements AsyncDisposable {
  readonly #bucket: Bucket;
  readonly #seen = new Map<string, { readonly maintenance: Maintenance | undefined; readonly revision: number }>();
  readonly #listeners = new Set<() => void>();
  #underway: readonly Maintenance[] = [];
  #stopWatching: () => void = () => {};

  private constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  static async open(broker: Broker, namespace: string): Promise<MaintenanceBoard> {
    const board = new MaintenanceBoard(await openBucket(broker, { namespace, purpose: "maintenance" }));
    board.#stopWatching = await board.#bucket.watch((change) => board.#learn(change));
    for (const [key, entry] of await board.#bucket.entries()) board.#learn({ key, ...entry });
    return board;
  }

  /** Those underway, oldest first. */
  all(): readonly Maintenance[] {
    return this.#underway;
  }

  /** The one that a proto package is under: its own, else the mesh's. Costs a comparison while there is none. */
  over(domain: string): Maintenance | undefined {
    // The mesh's own services go on, or nobody could end a maintenance.
    if (this.#underway.length === 0 || domain === ownDomain) return undefined;
    const whole = this.#underway.find((one) => one.domain === "");
    return this.#underway.find((one) => one.domain === domain) ?? whole;
  }

  /** Calls back after each change. Returns a function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins one, everywhere. @throws MeshError CONFLICT when one is underway for that very domain */
  async begin(maintenance: Maintenance): Promise<void> {
    const key = keyOf(maintenance.domain);
    const value = toBinary(MaintenanceSchema, maintenance);
    try {
      this.#learn({ key, value, revision: await this.#bucket.create(key, value) });
    } catch (thrown) {
      const entry = MeshError.from(thrown).code === "CONFLICT" ? await this.#bucket.get(key) : undefined;
      const underway = entry === undefined ? undefined : maintenanceIn(entry.value);
      if (underway === undefined) throw thrown;
      throw new MeshError({ code: "CONFLICT", message: `${told(underway)} is underway already; end it first` });
    }
  }

  /** Ends one, everywhere, and gives what it was. @throws MeshError NOT_FOUND when none is underway for that very domain */
  async end(domain: string): Promise<Maintenance> {
    const key = keyOf(domain);
    const entry = await this.#bucket.get(key);
    const underway = entry === undefined ? undefined : maintenanceIn(entry.value);
    if (underway === undefined) {
      const others = this.#underway.map((one) => scopeOf(one.domain)).join(" and ");
      const there = others === "" ? "none is underway at all" : `underway is that of ${others}`;
      throw new MeshError({ code: "NOT_FOUND", message: `no maintenance of ${scopeOf(domain)} is underway; ${there}` });
    }
    await this.#bucket.delete(key);
    return underway;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopWatching();
    this.#listeners.clear();
  }

  #learn({ key, value, revision }: BucketChange): void {
    const before = this.#seen.get(key);
    // Changes come by several ways, so an older one may come after a newer one.
    if (before !== undefined && revision <= before.revision) return;
    this.#seen.set(key, { maintenance: value === undefined ? undefined : maintenanceIn(value), revision });
    this.#underway = [...this.#seen.values()]
      .flatMap(({ maintenance }) => (maintenance === undefined ? [] : [maintenance]))
      .sort((a, b) => beganAt(a) - beganAt(b));
    for (const listener of [...this.#listeners]) listener();
  }
}

/** A maintenance as errors name it: `maintenance of the mesh ("moving disks", by ada since 2026-…)`. */
export function told(maintenance: Maintenance): string {
  const { domain, reason, author } = maintenance;
  const since = new Date(beganAt(maintenance)).toISOString();
  return `maintenance of ${scopeOf(domain)} ("${reason}", by ${author} since ${since})`;
}

function scopeOf(domain: string): string {
  return domain === "" ? "the mesh" : `"${domain}"`;
}

function keyOf(domain: string): string {
  return domain === "" ? "mesh" : `domain.${keyToken(domain)}`;
}

/** Anybody may write into the bucket. What cannot be read still says that somebody meant a maintenance there. */
export function maintenanceIn(value: Uint8Array): Maintenance {
  try {
    return fromBinary(MaintenanceSchema, value);
  } catch {
    return create(MaintenanceSchema, { reason: "unreadable entry", author: "unknown" });
  }
}

function beganAt({ beganAt: at }: Maintenance): number {
  return at === undefined ? 0 : timestampMs(at);
}
