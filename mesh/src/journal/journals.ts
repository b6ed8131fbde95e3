// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { DescMessage } from "@bufbuild/protobuf";
import type { Appender } from "../broker/appender.ts";
import { readLast } from "../broker/journal-stream.ts";
import type { Appended } from "../broker/new-message.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Clock } from "../clock.ts";
import type { Contracts } from "../contracts/contracts.ts";
import type { EventContract } from "../contracts/policy.ts";
import { crashPoint } from "../crash-point.ts";
import type { MessageHeader } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import type { TraceContext } from "../telemetry/propagation.ts";
import { type CommitTicket, ticketOf } from "./commit-ticket.ts";
import { type Composition, type CompositionInit, compose, mark } from "./compose.ts";
import type { JournalKey } from "./define-journal.ts";
import { Draft, type DraftedKey } from "./draft.ts";
import type { Entries, Keys, Outbox, Sync } from "./entry.ts";
import { KeyCache } from "./key-cache.ts";
import { KeyQueue } from "./key-queue.ts";
import type { KeyState } from "./key-state.ts";
import { decodePlain, encodePlain } from "./plain-text.ts";
import { addressOf, type KeyReader, readKey } from "./read-key.ts";
import { runDecide } from "./run-decide.ts";

/** What the journals of a host are made of. */
export interface JournalsInit extends KeyReader {
  readonly clock: Clock;
  readonly contracts: Contracts;
  readonly appender: Appender;
  /** Is told of each stored commit; starts compaction and tells observers. */
  readonly onCommitted?: ((committed: Committed) => void) | undefined;
}

/** A commit that is stored. */
export interface Committed {
  readonly composition: Composition;
  readonly appended: readonly Appended[];
  readonly keys: readonly DraftedKey[];
  readonly tookMs: number;
}

/** Who commits, and because of what. */
export interface CommitOrigin {
  readonly source: string;
  readonly cause: MessageHeader | undefined;
  readonly trace: TraceContext;
  readonly signal: AbortSignal | undefined;
  /** What a repeat of the same message is known by; unset: each commit is a new one. */
  readonly causeId: string | undefined;
  /** Whether even a decision that stores nothing is remembered: the sender gave an idempotency key. */
  readonly isKept: boolean;
  /** Domain of the mark when there are no keys: that of what is being handled. */
  readonly domain: string;
  /** @throws MeshError PERMISSION_DENIED when the agent may not publish it */
  readonly assertMayPublish: (contract: EventContract) => void;
  /** Is given the ticket of what was stored; not called when nothing was. */
  readonly onStored?: ((ticket: CommitTicket) => void) | undefined;
}

/** Decisions that lose against other processes before a commit gives up. */
const maxRounds = 16;

type At = JournalKey<unknown, DescMessage>;

/** Loads and commits keys of journals. */
export class Journals {
  readonly #init: JournalsInit;
  readonly #cache = new KeyCache();
  readonly #queue = new KeyQueue();

  constructor(init: JournalsInit) {
    this.#init = init;
  }

  /**
   * The state of a key. May be behind by what was stored within the last moments elsewhere; a commit never is.
   *
   * @throws MeshError JOURNAL_AHEAD, JOURNAL_BROKEN, BROKER_UNAVAILABLE
   */
  async load<S>(at: JournalKey<S, DescMessage>): Promise<S> {
    return (await this.#read(at as unknown as At)).state as S;
  }

  /**
   * Decides over keys and stores what was decided: all of it or nothing. When another process was faster, the keys are read
   * again and `decide` runs again. A repeat of the same message gets the stored reply, and `decide` does not run.
   *
   * @throws MeshError CONFLICT after {@link maxRounds} lost rounds; COMMIT_INVALID, COMMIT_TOO_LARGE, TOO_LARGE, STORAGE_FULL,
   *   nothing stored; BROKER_UNAVAILABLE, `mayHaveRun` when it may be stored; whatever `decide` throws
   */
  async commit<K extends Keys, T>(
    keys: K,
    decide: (entries: Entries<K>, outbox: Outbox) => Sync<T>,
    origin: CommitOrigin,
  ): Promise<T> {
    const names = Object.keys(keys);
    const ats = names.map((name) => keys[name] as At);
    const domain = domainOf(ats, origin.domain);
    const run = (draft: Draft, known: readonly KeyState<unknown>[]): T => {
      const entries = ats.map((at, index) => draft.entry(at, known[index] as KeyState<unknown>));
      const named = Object.fromEntries(names.map((name, index) => [name, entries[index]]));
      return runDecide(origin.source, () => decide(named as Entries<K>, draft));
    };
    const work = () => this.#decideAndStore(ats, run, { ...origin, domain });
    return this.#queue.run([...new Set(ats.map((at) => this.#filter(at)))], work);
  }

  async #decideAndStore<T>(
    ats: readonly At[],
    run: (draft: Draft, known: readonly KeyState<unknown>[]) => T,
    origin: CommitOrigin,
  ): Promise<T> {
    const { contracts, clock, subjects } = this.#init;
    if (origin.isKept || ats.length === 0) {
      const marked = await this.#marked(origin);
      if (marked !== undefined) return decodePlain(marked) as T;
    }
    let fresh = false;
    for (let round = 1; ; round++) {
      origin.signal?.throwIfAborted();
      const known = await Promise.all(ats.map((at) => this.#known(at, fresh)));
      const handled = replyOf(known, origin.causeId);
      if (handled !== undefined) return decodePlain(handled) as T;
      const draft = new Draft(contracts, origin.assertMayPublish);
      const reply = run(draft, known);
      draft.close();
      crashPoint("commit.decided");
      // What is only read is not checked by the broker, so it is looked at once more before it is relied on.
      if (!fresh && draft.keys.some(({ events }) => events.length === 0)) {
        fresh = true;
        if (await this.#changed(draft)) continue;
      }
      const init: CompositionInit = { ...origin, subjects, now: clock.now(), reply: encodePlain(reply) };
      if (draft.size === 0 && !origin.isKept) return reply;
      try {
        await this.#store(draft, init, origin);
        return reply;
      } catch (error) {
        if (!(error instanceof MeshError) || error.code !== "CONFLICT") throw error;
        const marked = await this.#marked(origin);
        if (marked !== undefined) return decodePlain(marked) as T;
        if (round === maxRounds) throw lost(ats, round);
        fresh = true;
        await delay(Math.random() * Math.min(2 ** round, 64));
      }
    }
  }

  async #store(draft: Draft, init: CompositionInit, origin: CommitOrigin): Promise<void> {
    const { appender, onCommitted } = this.#init;
    const composition =
      draft.size === 0 && init.causeId !== undefined
        ? { messages: [{ message: mark(init, init.causeId), announced: undefined }], lastOf: new Map() }
        : compose(draft, init);
    const { messages, lastOf } = composition;
    if (messages.length > 1_000) throw tooLarge(messages.length);
    crashPoint("commit.before-append");
    const started = performance.now();
    try {
      const appended = await appender.appendAll(messages.map(({ message }) => message));
      crashPoint("commit.after-append");
      for (const { announced } of messages) announced?.span.end();
      for (const key of draft.keys) this.#remember(key, { index: lastOf.get(key), appended, init, composition });
      const committed = { composition, appended, keys: draft.keys, tookMs: performance.now() - started };
      origin.onStored?.(ticketOf(origin.domain, committed));
      onCommitted?.(committed);
    } catch (error) {
      for (const { announced } of messages) announced?.span.end(error);
      for (const { at } of draft.keys) this.#cache.delete(this.#filter(at));
      throw error;
    }
  }

  /** Keeps the key as it is now, so that the next commit need not read it. */
  #remember(key: DraftedKey, stored: Stored): void {
    const { index, appended, init } = stored;
    const sequence = index === undefined ? 0 : (appended[index]?.sequence ?? 0);
    if (sequence === 0) return;
    const { handled } = key.before;
    if (init.causeId !== undefined) handled.add(init.causeId, { reply: init.reply, at: init.now });
    const hasSnapshot = stored.composition.messages.some(
      ({ message }) => message.subject === this.#init.subjects.snapshot(addressOf(key.at)),
    );
    const snapshotVersion = hasSnapshot ? key.after.version : key.before.snapshotVersion;
    this.#cache.set(this.#filter(key.at), { ...key.after, lastSequence: sequence, snapshotVersion, handled });
  }

  /** Whether a key was changed elsewhere since the draft was made. */
  async #changed(draft: Draft): Promise<boolean> {
    const now = await Promise.all(draft.keys.map(({ at }) => this.#read(at)));
    return draft.keys.some(({ before }, index) => before.lastSequence !== now[index]?.lastSequence);
  }

  async #marked({ domain, source, causeId }: CommitOrigin): Promise<string | undefined> {
    if (causeId === undefined) return undefined;
    const { broker, subjects } = this.#init;
    const of = subjects.handledMark(domain, source, causeId);
    const stored = await readLast(broker, streamNames(subjects.namespace).journal(domain), { of, certain: true });
    return stored === undefined ? undefined : new TextDecoder().decode(stored.payload);
  }

  async #known(at: At, fresh: boolean): Promise<KeyState<unknown>> {
    return (fresh ? undefined : this.#cache.get(this.#filter(at))) ?? this.#read(at);
  }

  async #read(at: At): Promise<KeyState<unknown>> {
    const filter = this.#filter(at);
    const read = await readKey(this.#init, at, this.#cache.get(filter));
    this.#cache.set(filter, read);
    return read;
  }

  #filter(at: At): string {
    return this.#init.subjects.stateOf(addressOf(at));
  }
}

interface Stored {
  readonly index: number | undefined;
  readonly appended: readonly Appended[];
  readonly init: CompositionInit;
  readonly composition: Composition;
}

/** Atomicity ends at the stream, and a stream holds one domain. */
function domainOf(ats: readonly At[], otherwise: string): string {
  const domains = [...new Set(ats.map(({ journal }) => journal.domain))];
  if (domains.length > 1) {
    const message = `a commit over journals of ${JSON.stringify(domains)} cannot be atomic; use one domain, or a saga`;
    throw new MeshError({ code: "COMMIT_INVALID", message });
  }
  return domains[0] ?? otherwise;
}

function replyOf(known: readonly KeyState<unknown>[], causeId: string | undefined): string | undefined {
  if (causeId === undefined) return undefined;
  return known.map(({ handled }) => handled.get(causeId)?.reply).find((reply) => reply !== undefined);
}

function lost(ats: readonly At[], rounds: number): MeshError {
  const keys = ats.map(({ journal, key }) => `${journal.name}/${key}`).join(", ");
  const message = `others changed ${keys} faster, ${rounds} times in a row; nothing was stored, try again`;
  return new MeshError({ code: "CONFLICT", message });
}

function tooLarge(count: number): MeshError {
  const message = `a commit of ${count} messages cannot be stored together, at most 1000 can; use a saga over several commits`;
  return new MeshError({ code: "COMMIT_TOO_LARGE", message });
}
