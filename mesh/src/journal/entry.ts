// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import type { DispatchOptions } from "../pipeline/command-request.ts";
import type { JournalKey } from "./define-journal.ts";

/** A key inside a decide function: its state, and what is to be added to it. */
export interface Entry<S, E extends DescMessage> {
  /** The state with everything appended so far in this decision. */
  readonly state: S;
  readonly key: string;
  /** Events of the key so far, those appended in this decision included. */
  readonly version: number;
  /** Adds an event. It is checked against the rules of its contract, and heard by others when it has an event policy. */
  append<D extends E>(type: D, init: MessageInitShape<D>): void;
}

/** The keys of a commit, by names of the author's choice. */
// biome-ignore lint/suspicious/noExplicitAny: a journal's state and events are known at each use, not here
export type Keys = Readonly<Record<string, JournalKey<any, any>>>;

/** The same keys as entries. */
export type Entries<K extends Keys> = {
  readonly [N in keyof K]: K[N] extends JournalKey<infer S, infer E> ? Entry<S, E> : never;
};

/** What is announced and sent with a commit: stored with it or not at all. */
export interface Outbox {
  /** Announces an event. */
  publish<D extends DescMessage>(type: D, init: MessageInitShape<D>): void;
  /** Has a method run as a durable command; its contract must have a command policy. */
  dispatch<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    init: MessageInitShape<I>,
    options?: DispatchOptions,
  ): void;
}

/** The result of a decide function: anything but a promise, since deciding is synchronous. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T;
