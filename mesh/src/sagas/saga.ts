// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Undo } from "./undo.ts";

/** How a step is done. */
export interface StepOptions<O extends DescMessage> {
  /** How it is undone, made by `undo`; default: not at all. */
  readonly undo?: Undo<MessageShape<O>> | undefined;
}

/** What a saga waits for. */
export interface WaitOptions {
  /** Key of the event, as its contract names it. */
  readonly key: string;
  /** Milliseconds after which it waits no longer. */
  readonly timeoutMs: number;
}

/** What beginning a saga as a step takes of its definition. */
export interface ChildSaga<D extends DescMessage> {
  readonly name: string;
  readonly startsOn: D;
  key(event: MessageShape<D>): string;
}

/**
 * What the code of a saga works with. The code runs again from its beginning whenever the saga goes on, on whichever host;
 * what is recorded is given to it again instead of being done again. So it must do the same again: no clock, no random
 * numbers, no network but by these methods. Each step has a name that is used once.
 */
export interface Saga {
  /** `agent/saga/key`; the workflow id of all that it sends. */
  readonly id: string;
  readonly key: string;
  /** Version of the code that it began with: branch on it to change code under running sagas. */
  readonly version: number;
  /**
   * Calls a method. The call has one id however often it is tried, after a crash too: callees that commit have one effect,
   * others have to use `ctx.idempotencyKey`. It is tried again by the contract's schedule.
   *
   * @throws MeshError what the method threw at last; a saga that does not catch it is undone
   */
  call<I extends DescMessage, O extends DescMessage>(
    step: string,
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options?: StepOptions<NoInfer<O>>,
  ): Promise<MessageShape<O>>;
  /** The results of steps that go on at the same time. Waits until all are over, then throws the first failure, if any. */
  all<T extends readonly Promise<unknown>[]>(...steps: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
  /**
   * The next event of a type and key since the saga began that no earlier wait has taken, even one that came before this was
   * asked; undefined when none came in time. The definition names the type under `waits`.
   */
  waitFor<D extends DescMessage>(step: string, event: D, options: WaitOptions): Promise<MessageShape<D> | undefined>;
  /** Goes on at a time; nothing of the saga is held in memory until then. */
  sleepUntil(step: string, at: Date): Promise<void>;
  /** The time of what the code was told last; the same when it runs again. Stands still between steps. */
  now(): Date;
  /** A number from 0 up to 1; the same when the code runs again. */
  random(): number;
  /**
   * Begins another saga of the same agent and waits for its end. Undoing this step undoes that saga, even a completed one.
   *
   * @throws MeshError SAGA_FAILED when it was compensated or resolved
   */
  child<D extends DescMessage>(step: string, saga: ChildSaga<D>, input: MessageInitShape<D>): Promise<void>;
}
