// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Journal } from "./define-journal.ts";
import { frozen } from "./frozen.ts";

/** What a repeat of a handled message is answered. */
export interface HandledReply {
  /** Plain text of the reply. */
  readonly reply: string;
  /** Milliseconds since the epoch, by the writer's clock. */
  readonly at: number;
}

/** Replies that a key keeps at least; a repeat that comes after more commits than that to the same key is not recognised. */
export const maxHandled = 1_000;

/**
 * The latest replies of a key, by cause. One object for all states of the key in this process: what is in it is stored, so
 * it is true for older states as well, and copying it for each event would cost more than the event.
 */
export class Handled {
  readonly #replies: Map<string, HandledReply>;

  constructor(replies: Iterable<readonly [cause: string, reply: HandledReply]> = []) {
    this.#replies = new Map(replies);
  }

  get(cause: string): HandledReply | undefined {
    return this.#replies.get(cause);
  }

  add(cause: string, reply: HandledReply): void {
    this.#replies.set(cause, reply);
    if (this.#replies.size <= maxHandled) return;
    const [oldest] = this.#replies.keys();
    if (oldest !== undefined) this.#replies.delete(oldest);
  }

  /** Those that were made after a time, oldest first. */
  since(time: number): readonly (readonly [cause: string, reply: HandledReply])[] {
    return [...this.#replies].filter(([, { at }]) => at > time);
  }
}

/** A key as it is after some of its events. */
export interface KeyState<S> {
  readonly state: S;
  /** Number of events, those that were compacted away included. */
  readonly version: number;
  /** Stream sequence of the last event; 0: there is none. What a commit expects. */
  readonly lastSequence: number;
  /** Version at which a snapshot was stored last, or found too large to be; 0: never. */
  readonly snapshotVersion: number;
  readonly handled: Handled;
}

/** A key without events. */
export function emptyKey<S>(journal: Journal<S, DescMessage>): KeyState<S> {
  return { state: frozen(journal.initial()), version: 0, lastSequence: 0, snapshotVersion: 0, handled: new Handled() };
}

/** An event with its place. */
export interface FoldedEvent {
  readonly event: MessageShape<DescMessage>;
  readonly sequence: number;
  readonly cause: string | undefined;
  /** Unset on all but the first event of a commit. */
  readonly reply: HandledReply | undefined;
}

/** The key after one more event. */
export function fold<S>(journal: Journal<S, DescMessage>, key: KeyState<S>, next: FoldedEvent): KeyState<S> {
  if (next.cause !== undefined && next.reply !== undefined) key.handled.add(next.cause, next.reply);
  return {
    ...key,
    state: frozen(journal.evolve(key.state, next.event)),
    version: key.version + 1,
    lastSequence: next.sequence,
  };
}
