// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { Broker } from "../broker/connection.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { CommitTicket } from "../journal/commit-ticket.ts";
import { logger } from "../telemetry/logger.ts";
import type { Projection } from "./define-projection.ts";
import { Fold } from "./fold.ts";

/** What is known of a projection. */
export interface ProjectionStatus {
  readonly name: string;
  /** Stream sequence up to which all events are in. */
  readonly position: number;
  /** Real milliseconds since it was last seen to have everything. */
  readonly behindMs: number;
  /** Why it stands still; unset: it does not. */
  readonly problem: string | undefined;
}

/** Looks again this often when nothing was signalled: signals may be lost. Real milliseconds. */
const lookEveryMs = 1_000;
/** A signal comes before the event is stored, and sourcing takes a moment: so it is looked for more than once. */
const lookAfterSignalMs = [0, 5, 25, 100, 400] as const;

/**
 * A projection kept up: published messages wake it, and what it reads is the stream itself, so that a lost wake-up costs a
 * second and never an event.
 */
export class RunningProjection<S> implements AsyncDisposable {
  readonly #fresh: () => Fold<S>;
  readonly #name: string;
  readonly #ending = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #unsubscribe: () => void;
  #fold: Fold<S>;
  #looks: number[] = [];
  #completeAt = 0;
  #wake: (() => void) | undefined;
  #isIdle = false;
  #running: Promise<void> | undefined;

  private constructor(broker: Broker, subjects: Subjects, projection: Projection<S>) {
    this.#name = projection.name;
    this.#fresh = () => new Fold(broker, subjects, projection);
    this.#fold = this.#fresh();
    const subscription = broker.connection.subscribe(subjects.all("jrn"), { callback: () => this.#signal() });
    this.#unsubscribe = () => subscription.unsubscribe();
  }

  /** Starts a projection; resolves when it has all that there is now. */
  static async start<S>(broker: Broker, subjects: Subjects, projection: Projection<S>): Promise<RunningProjection<S>> {
    const running = new RunningProjection(broker, subjects, projection);
    await catchUp(running.#fold);
    running.#completeAt = performance.now();
    running.#running = running.#run();
    return running;
  }

  /** @throws MeshError PROJECTION_BROKEN when it stands still */
  get state(): S {
    return this.#fold.state;
  }

  get status(): ProjectionStatus {
    let problem: string | undefined;
    try {
      void this.#fold.state;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    const { position } = this.#fold;
    return { name: this.#name, position, behindMs: performance.now() - this.#completeAt, problem };
  }

  /**
   * Resolves when the projection has seen a commit: read your writes.
   *
   * @throws the signal's reason when it aborts first; MeshError PROJECTION_BROKEN
   */
  async caughtUp(ticket: CommitTicket, signal: AbortSignal): Promise<void> {
    await this.#until((fold) => fold.hasSeen(ticket), signal);
  }

  /**
   * Resolves when the projection has all that was stored before this was asked.
   *
   * @throws the signal's reason when it aborts first; MeshError PROJECTION_BROKEN, BROKER_UNAVAILABLE
   */
  async caughtUpWithAll(signal: AbortSignal): Promise<void> {
    const end = await this.#fold.end();
    await this.#until((fold) => fold.position >= end, signal);
  }

  async #until(isThere: (fold: Fold<S>) => boolean, signal: AbortSignal): Promise<void> {
    while (!isThere(this.#fold)) {
      void this.#fold.state;
      signal.throwIfAborted();
      this.#signal();
      // What is waited for is stored already: a pause between two looks would only be waiting for nothing.
      this.#wake?.();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(resolve);
      await promise.finally(() => {
        this.#waiting.delete(resolve);
        signal.removeEventListener("abort", onAbort);
      });
    }
  }

  /** Folds all events anew and then takes the new state in place of the old, which serves until then. */
  async rebuild(): Promise<void> {
    const fold = this.#fresh();
    await catchUp(fold);
    this.#fold = fold;
    this.#signal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#ending.abort();
    this.#wake?.();
    await this.#running;
  }

  #signal(): void {
    if (this.#looks.length === lookAfterSignalMs.length) return;
    this.#looks = [...lookAfterSignalMs];
    if (this.#isIdle) this.#wake?.();
  }

  async #run(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const pause = this.#looks.shift() ?? lookEveryMs;
      await this.#pause(pause);
      if (this.#ending.signal.aborted) return;
      try {
        await this.#fold.advance();
        this.#completeAt = performance.now();
      } catch (error) {
        logger.warn({ err: error }, `projection "${this.#name}" cannot read on; it tries again`);
      }
      for (const wake of this.#waiting) wake();
    }
  }

  /** Waits, or until it is woken: by a signal only while nothing but the regular look is due. */
  async #pause(ms: number): Promise<void> {
    if (ms === 0) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    this.#isIdle = ms === lookEveryMs;
    await delay(ms, undefined, { signal: woken.signal, ref: false }).catch(() => {});
    this.#wake = undefined;
  }
}

async function catchUp<S>(fold: Fold<S>): Promise<void> {
  while ((await fold.advance()) > 0);
}
