// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Maintenance,
  type MaintenanceNote,
  MaintenanceNoteSchema,
  MaintenanceSchema,
} from "@parley/contracts/parley/mesh/v1/maintenance_pb.js";
import type { BucketChange } from "../broker/bucket-watch.ts";
import type { Broker } from "../broker/connection.ts";
import { keyToken } from "../broker/key-token.ts";
import { type Bucket, type BucketEntry, openBucket } from "../broker/key-value.ts";
import { MeshError } from "../mesh-error.ts";
import { ownDomain } from "../own-domain.ts";

/** What the board holds of a maintenance, and the revision under which it may be replaced. */
export interface Noted {
  readonly note: MaintenanceNote;
  readonly maintenance: Maintenance;
  readonly revision: number;
}

/**
 * Which maintenances are underway: a copy in this process, kept by watching the broker. While the broker is away the last
 * word stands; a process that starts knows all before it takes its first message.
 */
export class MaintenanceBoard implements AsyncDisposable {
  readonly #bucket: Bucket;
  readonly #seen = new Map<string, { readonly noted: Noted | undefined; readonly revision: number }>();
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

  /** Those of which no event tells yet how they stand, those that are over included. */
  untold(): readonly Noted[] {
    return [...this.#seen.values()].flatMap(({ noted }) => (noted === undefined || noted.note.told ? [] : [noted]));
  }

  /**
   * Begins one, everywhere.
   *
   * @throws MeshError CONFLICT when one is underway for that very domain; UNAVAILABLE when nobody was told yet of the end of
   *   the one before
   */
  async begin(maintenance: Maintenance): Promise<Noted> {
    const key = keyOf(maintenance.domain);
    const note = create(MaintenanceNoteSchema, { maintenance });
    try {
      return this.#noted(key, note, await this.#bucket.create(key, toBinary(MaintenanceNoteSchema, note)));
    } catch (thrown) {
      const noted = MeshError.from(thrown).code === "CONFLICT" ? await this.#read(key) : undefined;
      if (noted === undefined) throw thrown;
      const before = told(noted.maintenance);
      if (noted.note.endedBy === "") {
        throw new MeshError({ code: "CONFLICT", message: `${before} is underway already; end it first` });
      }
      throw new MeshError({ code: "UNAVAILABLE", message: `${before} is just being ended; begin again in a moment` });
    }
  }

  /** Ends one, everywhere, and gives what it was. @throws MeshError NOT_FOUND when none is underway for that very domain */
  async end(domain: string, by: string): Promise<Noted> {
    const key = keyOf(domain);
    for (;;) {
      const noted = await this.#read(key);
      if (noted === undefined || noted.note.endedBy !== "") throw this.#nothingToEnd(domain);
      const maintenance = { ...noted.maintenance, domain };
      const note = create(MaintenanceNoteSchema, { maintenance, endedBy: by });
      const revision = await this.#replace(key, note, noted.revision);
      if (revision !== undefined) return this.#noted(key, note, revision);
    }
  }

  /** Notes that an event tells how one stands; one that is over is forgotten then. */
  async markTold({ note, maintenance: { domain }, revision }: Noted): Promise<void> {
    const key = keyOf(domain);
    if (note.endedBy !== "") return this.#bucket.delete(key, revision).catch(unlessChanged);
    const now = create(MaintenanceNoteSchema, { ...note, told: true });
    const next = await this.#replace(key, now, revision);
    if (next !== undefined) this.#noted(key, now, next);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopWatching();
    this.#listeners.clear();
  }

  #noted(key: string, note: MaintenanceNote, revision: number): Noted {
    this.#learn({ key, value: toBinary(MaintenanceNoteSchema, note), revision });
    return notedIn({ value: toBinary(MaintenanceNoteSchema, note), revision });
  }

  async #read(key: string): Promise<Noted | undefined> {
    const entry = await this.#bucket.get(key);
    return entry === undefined ? undefined : notedIn(entry);
  }

  /** The new revision; undefined when somebody else was faster. */
  async #replace(key: string, note: MaintenanceNote, revision: number): Promise<number | undefined> {
    return this.#bucket.update(key, toBinary(MaintenanceNoteSchema, note), revision).catch(unlessChanged);
  }

  #nothingToEnd(domain: string): MeshError {
    const others = this.#underway.map((one) => scopeOf(one.domain)).join(" and ");
    const there = others === "" ? "none is underway at all" : `underway is that of ${others}`;
    return new MeshError({ code: "NOT_FOUND", message: `no maintenance of ${scopeOf(domain)} is underway; ${there}` });
  }

  #learn({ key, value, revision }: BucketChange): void {
    const before = this.#seen.get(key);
    // Changes come by several ways, so an older one may come after a newer one.
    if (before !== undefined && revision <= before.revision) return;
    this.#seen.set(key, { noted: value === undefined ? undefined : notedIn({ value, revision }), revision });
    this.#underway = [...this.#seen.values()]
      .flatMap(({ noted }) => (noted === undefined || noted.note.endedBy !== "" ? [] : [noted.maintenance]))
      .sort((a, b) => beganAt(a) - beganAt(b));
    for (const listener of [...this.#listeners]) listener();
  }
}

function unlessChanged(thrown: unknown): undefined {
  if (MeshError.from(thrown).code !== "CONFLICT") throw thrown;
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

/** What an entry of the bucket says of a maintenance. Anybody may write there: what cannot be read still says that somebody meant one. */
export function notedIn({ value, revision }: BucketEntry): Noted {
  const note = readNote(value);
  if (note?.maintenance !== undefined) return { note, maintenance: note.maintenance, revision };
  const maintenance = create(MaintenanceSchema, { reason: "unreadable entry", author: "unknown" });
  return { note: create(MaintenanceNoteSchema, { told: true }), maintenance, revision };
}

function readNote(value: Uint8Array): MaintenanceNote | undefined {
  try {
    return fromBinary(MaintenanceNoteSchema, value);
  } catch {
    return undefined;
  }
}

function beganAt({ beganAt: at }: Maintenance): number {
  return at === undefined ? 0 : timestampMs(at);
}
