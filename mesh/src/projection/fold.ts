// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { lastSequence, readAfter } from "../broker/journal-stream.ts";
import { isForOneHearer } from "../broker/read-subject.ts";
import { readSourceMark } from "../broker/sourcing.ts";
import type { StoredEntry } from "../broker/stored-entry.ts";
import { type StreamNames, streamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import { type Opened, openMessage } from "../delivery/open-message.ts";
import { decodeHeaderValue, readHeader } from "../header-codec.ts";
import type { CommitTicket } from "../journal/commit-ticket.ts";
import { MeshError } from "../mesh-error.ts";
import { logger } from "../telemetry/logger.ts";
import type { Projection } from "./define-projection.ts";

/** One fold of a projection over its events, from the first one on. Reads in the order of the stream, each event once. */
export class Fold<S> {
  readonly #broker: Broker;
  readonly #projection: Projection<S>;
  readonly #stream: string;
  /** Covers all that it folds, and maybe more: one filter is read in order from any replica, several might overtake another. */
  readonly #filter: string;
  readonly #prefixes: readonly string[];
  #read = 0;
  readonly #names: StreamNames;
  /** Last journal sequence that reached this fold, by journal stream. */
  readonly #seen = new Map<string, number>();
  #state: S;
  #position = 0;
  #failure: MeshError | undefined;

  constructor(broker: Broker, subjects: Subjects, projection: Projection<S>) {
    const { source } = projection;
    const names = streamNames(subjects.namespace);
    this.#names = names;
    this.#broker = broker;
    this.#projection = projection;
    this.#state = projection.initial();
    this.#stream = source.kind === "events" ? names.events : names.journal(source.domain);
    const filters =
      source.kind === "events"
        ? [...source.types.keys()].map((type) => subjects.heardEvent(type))
        : source.journals.map((journal) => subjects.stateOfJournal(source.domain, journal));
    const covering = source.kind === "events" ? subjects.all("evt") : subjects.journal(source.domain);
    const [only] = filters;
    this.#filter = filters.length === 1 && only !== undefined ? only : covering;
    this.#prefixes = source.kind === "events" ? [""] : filters.map((filter) => filter.slice(0, -1));
  }

  /** Stream sequence up to which all events are in. */
  get position(): number {
    return this.#position;
  }

  /** @throws MeshError PROJECTION_BROKEN once an event could not be folded: what follows it is not in */
  get state(): S {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#state;
  }

  /** Whether all that a commit wrote, as far as it is this projection's matter, is in. */
  hasSeen({ domain, events }: CommitTicket): boolean {
    const mine = Object.entries(events).filter(([type]) => this.#projection.source.types.has(type));
    const newest = Math.max(0, ...mine.map(([, sequence]) => sequence));
    return (this.#seen.get(this.#names.journal(domain)) ?? 0) >= newest;
  }

  /** The newest sequence of the stream, as the leader knows it. @throws MeshError BROKER_UNAVAILABLE */
  end(): Promise<number> {
    return lastSequence(this.#broker, this.#stream);
  }

  /**
   * Reads on to the end of the stream as it is now.
   *
   * @returns how many events were new
   */
  async advance(): Promise<number> {
    if (this.#failure !== undefined) return 0;
    // Asked first: what comes meanwhile is beyond it.
    const end = await this.end();
    const entries = await readAfter(this.#broker, this.#stream, { filter: this.#filter, sequence: this.#read });
    for (const entry of entries) {
      if (this.#prefixes.some((prefix) => entry.subject.startsWith(prefix))) this.#apply(entry);
      if (this.#failure !== undefined) return 0;
      this.#read = entry.sequence;
      const place = readSourceMark(entry.headers.get("nats-stream-source")) ?? {
        origin: this.#stream,
        sequence: entry.sequence,
      };
      this.#seen.set(place.origin, place.sequence);
    }
    this.#position = end;
    return entries.length;
  }

  #apply(entry: StoredEntry): void {
    const { subject, sequence } = entry;
    if (isForOneHearer(subject)) return;
    const { name, evolve } = this.#projection;
    try {
      const read = this.#open(entry);
      if (read !== undefined)
        this.#state = evolve(this.#state, read.message, { key: read.key, sequence, header: read.header });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const message = `projection "${name}" stands still at sequence ${sequence} of stream "${this.#stream}": ${why}`;
      this.#failure = new MeshError({ code: "PROJECTION_BROKEN", message, cause });
    }
  }

  /** The event; undefined for what is none of this projection's. */
  #open(entry: StoredEntry): (Opened & { readonly key: string }) | undefined {
    const { source, name } = this.#projection;
    try {
      const header = readHeader((field) => entry.headers.get(field));
      // A newer version may have added an event to the journal; it is not among what this projection is made of.
      const type = source.types.get(header?.messageType ?? "");
      if (type === undefined) return undefined;
      const opened = openMessage(entry, type);
      const key = decodeHeaderValue("ce-subject", entry.headers.get("ce-subject") ?? "");
      return { ...opened, key };
    } catch (thrown) {
      const error = MeshError.from(thrown);
      if (source.kind === "journals" || error.code !== "UNDECODABLE") throw error;
      // Whoever reaches the broker can publish. What nobody can read is no event: hearers make it a dead letter.
      logger.warn({ err: error, sequence: entry.sequence }, `projection "${name}" passes over what cannot be read`);
      return undefined;
    }
  }
}
