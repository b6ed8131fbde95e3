// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { DescMessage } from "@bufbuild/protobuf";
import type { Appender } from "../broker/appender.ts";
import { maxBatch } from "../broker/atomic-batch.ts";
import { assertStreamIsThere } from "../broker/journal-stream.ts";
import type { Appended } from "../broker/new-message.ts";
import { streamNames } from "../broker/stream-names.ts";
import { underWay } from "../broker/traffic.ts";
import type { Clock } from "../clock.ts";
import type { Contracts } from "../contracts/contracts.ts";
import { crashPoint } from "../crash-point.ts";
import type { MessageHeader } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import type { TraceContext } from "../telemetry/propagation.ts";
import { CommitTally } from "./commit-tally.ts";
import { type CommitTicket, ticketOf } from "./commit-ticket.ts";
import type { Committed } from "./committed.ts";
import { type Composition, type CompositionInit, compose } from "./compose.ts";
import type { JournalKey } from "./define-journal.ts";
import { Draft, type DraftedKey, type DraftGrants } from "./draft.ts";
import type { Entries, Keys, Sync } from "./entry.ts";
import { KeyQueue } from "./key-queue.ts";
import { emptyKey, type KeyState } from "./key-state.ts";
import { type At, KnownKeys } from "./known-keys.ts";
import { readMark } from "./mark.ts";
import type { KeyReader } from "./read-key.ts";
import { runDecide } from "./run-decide.ts";
import { assertNotUndone, readStepMark, type StepGuard } from "./step-mark.ts";
import { decodeReply, encodeReply } from "./stored-reply.ts";

/** What the journals of a host are made of. */
export interface JournalsInit extends KeyReader {
  readonly clock: Clock;
  readonly contracts: Contracts;
  readonly appender: Appender;
  /** Milliseconds for which it is remembered what was handled; longer than any stream keeps a message. */
  readonly handledForMs: number;
  /** Is told of each stored commit; starts compaction and tells observers. */
  readonly onCommitted?: ((committed: Committed) => void) | undefined;
}

/** Who commits, and because of what. */
export interface CommitOrigin extends DraftGrants {
  readonly source: string;
  readonly cause: MessageHeader | undefined;
  readonly trace: TraceContext;
  readonly signal: AbortSignal | undefined;
  /** What a repeat of the same message is known by; unset: each commit is a new one. */
  readonly causeId: string | undefined;
  /** Digest of the request, where its sender gave an idempotency key: another request under that key is refused. */
  readonly request?: string | undefined;
  /** Whether even a decision that stores nothing is remembered: the sender gave an idempotency key. */
  readonly isKept: boolean;
  /** Whether the same message may have been handled before, so that a mark is looked for at once and not after a conflict. */
  readonly mayRepeat: boolean;
  /** Set when the message is a step of a saga that can be undone, or undoes one: the two exclude each other. */
  readonly step?: StepGuard | undefined;
  /** Domain of the mark when there are no keys: that of what is being handled. */
  readonly domain: string;
  /** Is given the ticket of what was stored; not called when nothing was. */
  readonly onStored?: ((ticket: CommitTicket) => void) | undefined;
}

/** Decisions that lose against other processes before a commit gives up. */
const maxRounds = 16;

/** Room for the headers of a snapshot within the broker's largest message. */
const snapshotHeaderBytes = 4 * 1024;

/** Loads and commits keys of journals. */
export class Journals {
  readonly #init: JournalsInit;
  readonly #keys: KnownKeys;
  readonly #queue = new KeyQueue();

  constructor(init: JournalsInit) {
    this.#init = init;
    this.#keys = new KnownKeys(init);
  }

  /**
   * The state of a key. May be behind by what was stored within the last moments elsewhere; a commit never is.
   *
   * @throws MeshError JOURNAL_AHEAD, JOURNAL_BROKEN, BROKER_UNAVAILABLE
   */
  async load<S>(at: JournalKey<S, DescMessage>): Promise<S> {
    return (await this.#keys.read(at as unknown as At)).state as S;
  }

  /**
   * Decides over keys and stores what was decided: all of it or nothing. When another process was faster, the keys are read
   * again and `decide` runs again. A repeat of the same message gets the stored reply, and `decide` does not run. Keys that
   * `decide` adds nothing to are looked at once more before storing, but not locked: what has to hold over several keys must
   * be written to all of them.
   *
   * @throws MeshError CONFLICT after {@link maxRounds} lost rounds; COMMIT_INVALID, COMMIT_TOO_LARGE, TOO_LARGE, STORAGE_FULL,
   *   nothing stored; BROKER_UNAVAILABLE, `mayHaveRun` when it may be stored; whatever `decide` throws
   */
  async commit<K extends Keys, T>(
    keys: K,
    decide: (entries: Entries<K>, outbox: Draft) => Sync<T>,
    origin: CommitOrigin,
  ): Promise<T> {
    const named = Object.entries(keys) as [string, At][];
    // Under two names it is still one key, with one row of versions.
    const ats = new Map(named.map(([, at]) => [this.#keys.idOf(at), at]));
    const domain = domainOf([...ats.values()], origin.domain);
    const run = (draft: Draft, known: readonly KeyState<unknown>[]): T => {
      const entries = new Map(
        [...ats].map(([id, at], index) => [id, draft.entry(at, known[index] ?? emptyKey(at.journal))]),
      );
      const byName = Object.fromEntries(named.map(([name, at]) => [name, entries.get(this.#keys.idOf(at))]));
      try {
        return runDecide(origin.source, () => decide(byName as Entries<K>, draft));
      } finally {
        draft.close();
      }
    };
    const tally = new CommitTally(origin.source);
    const work = () => this.#decideAndStore([...ats.values()], run, { ...origin, domain, tally });
    return tally.measure(() => this.#queue.run([...ats.keys()], work));
  }

  /** Lets go of what is known of a key that is not needed again soon. */
  forget<S, E extends DescMessage>(at: JournalKey<S, E>): void {
    this.#keys.forget(at as unknown as At);
  }

  async #decideAndStore<T>(
    ats: readonly At[],
    run: (draft: Draft, known: readonly KeyState<unknown>[]) => T,
    origin: Counted,
  ): Promise<T> {
    const { contracts, clock, subjects, broker, handledForMs } = this.#init;
    const maxSnapshotBytes = (broker.connection.info?.max_payload ?? 2 ** 20) - snapshotHeaderBytes;
    let fresh = false;
    for (let round = 1; ; round++) {
      origin.signal?.throwIfAborted();
      const [stepMark, marked, ...known] = await Promise.all([
        origin.step && readStepMark(broker, subjects, { ...origin, isRetry: round > 1 }),
        round === 1 && !origin.mayRepeat ? undefined : this.#marked(origin),
        ...ats.map((at) => (fresh ? this.#keys.read(at) : this.#keys.lastSeen(at))),
      ]);
      assertNotUndone(stepMark);
      const handled = marked ?? replyOf(known, origin.causeId);
      if (handled !== undefined) return decodeReply(handled, origin.request) as T;
      const draft = new Draft(contracts, origin);
      const reply = run(draft, known);
      crashPoint("commit.decided");
      // What is only read is not checked by the broker, so it is looked at once more before it is relied on.
      if (!fresh && draft.keys.some(({ events }) => events.length === 0)) {
        fresh = true;
        if (await this.#changed(draft)) continue;
      }
      const init = {
        ...origin,
        subjects,
        now: clock.now(),
        reply: encodeReply(reply, origin.request),
        handledForMs,
        maxSnapshotBytes,
        stepMark,
      };
      if (draft.size === 0 && !origin.isKept) return reply;
      try {
        await this.#store(draft, init, origin);
        return reply;
      } catch (error) {
        if (!(error instanceof MeshError) || error.code !== "CONFLICT") throw error;
        origin.tally.conflicts++;
        if (round === maxRounds) throw lost(ats, round);
        fresh = true;
        await underWay(broker, "commit", delay(Math.random() * Math.min(2 ** round, 64)));
      }
    }
  }

  async #store(draft: Draft, init: CompositionInit, origin: Counted): Promise<void> {
    const { appender, onCommitted, broker, subjects } = this.#init;
    if (draft.size > maxBatch) throw tooLarge(draft.size);
    const composition = compose(draft, init);
    const { messages } = composition;
    if (messages.length > maxBatch) throw tooLarge(messages.length);
    crashPoint("commit.before-append");
    const started = performance.now();
    let appended: readonly Appended[];
    try {
      appended = await appender.appendAll(messages.map(({ message }) => message));
    } catch (error) {
      for (const { announced } of messages) announced?.span.end(error);
      const { code } = MeshError.from(error);
      // After a conflict it is enough to read what came since.
      if (code !== "CONFLICT") for (const { at } of draft.keys) this.#keys.forget(at);
      if (code === "BROKER_UNAVAILABLE")
        await assertStreamIsThere(broker, streamNames(subjects.namespace).journal(origin.domain));
      throw error;
    }
    crashPoint("commit.after-append");
    if (composition.hasMark) origin.tally.marks++;
    for (const { announced } of messages) announced?.span.end();
    for (const key of draft.keys) this.#remember(key, { appended, init, composition });
    const committed = { composition, appended, keys: draft.keys, tookMs: performance.now() - started };
    origin.onStored?.(ticketOf(origin.domain, committed));
    onCommitted?.(committed);
  }

  /** Keeps the key as it is now, so that the next commit need not read it. */
  #remember(key: DraftedKey, { appended, init, composition }: Stored): void {
    const index = composition.lastOf.get(key);
    const lastSequence = index === undefined ? 0 : (appended[index]?.sequence ?? 0);
    if (lastSequence === 0) return;
    const { handled } = key.before;
    if (init.causeId !== undefined) handled.add(init.causeId, { reply: init.reply, at: init.now });
    const snapshotVersion = composition.snapshots.has(key) ? key.after.version : key.before.snapshotVersion;
    this.#keys.remember(key.at, { ...key.after, lastSequence, snapshotVersion, handled });
  }

  /** Whether a key was changed elsewhere since the draft was made. */
  async #changed(draft: Draft): Promise<boolean> {
    const now = await Promise.all(draft.keys.map(({ at }) => this.#keys.read(at)));
    return draft.keys.some(({ before }, index) => before.lastSequence !== now[index]?.lastSequence);
  }

  async #marked({ domain, source, causeId }: CommitOrigin): Promise<string | undefined> {
    const { broker, subjects } = this.#init;
    return causeId === undefined ? undefined : readMark(broker, { subjects, domain, source, causeId });
  }
}

type Counted = CommitOrigin & { readonly tally: CommitTally };

interface Stored {
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
