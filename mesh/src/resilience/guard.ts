// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Clock } from "../clock.ts";
import { MeshError } from "../mesh-error.ts";
import type { BreakerPlan } from "../plans.ts";
import { Breaker, type BreakerState } from "./breaker.ts";
import { tellsOfHealth } from "./health.ts";

/** What a guard is made of. */
export interface GuardInit {
  /** For people: what it stands before, e.g. `outside "smtp"`. */
  readonly name: string;
  readonly plan: BreakerPlan;
  readonly clock: Clock;
  /** Told of each change of state. */
  readonly onChange?: ((state: BreakerState) => void) | undefined;
}

/** A place that was given; it is to be told once how it went. */
export interface Admission {
  succeeded(): void;
  /** What says nothing about who was asked only gives the place back. */
  failed(error: unknown): void;
  /** It ended without telling anything. */
  released(): void;
}

/** A breaker that more than one stands before: it gives places, and wakes those who wait for one. */
export class Guard {
  readonly name: string;
  readonly #breaker: Breaker;
  readonly #plan: BreakerPlan;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  readonly #followers = new Set<(isOpen: boolean) => void>();
  /** Work that was let begin while it is half open, whether or not it has come to ask for a place yet. */
  #turns = 0;

  constructor({ name, plan, clock, onChange }: GuardInit) {
    this.name = name;
    this.#plan = plan;
    this.#clock = clock;
    this.#breaker = new Breaker(plan, (state) => {
      onChange?.(state);
      this.#turned(state);
    });
  }

  /** By which it was made. */
  get plan(): BreakerPlan {
    return this.#plan;
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  /** Milliseconds until a place may be given; 0: now, or as soon as probes are back. */
  get retryAfterMs(): number {
    return this.#breaker.retryAfterMs(this.#clock.now());
  }

  /** A place for one try; undefined when there is none now. */
  admit(): Admission | undefined {
    const breaker = this.#breaker;
    if (!breaker.admit(this.#clock.now())) return undefined;
    const { era } = breaker;
    // What a try tells that was admitted in an earlier state says nothing any more.
    const tell = (say: () => void) => {
      if (breaker.era === era) say();
      this.#wake();
    };
    return {
      succeeded: () => tell(() => breaker.succeeded(this.#clock.now())),
      released: () => tell(() => breaker.released()),
      failed: (error) =>
        tell(() => (tellsOfHealth(MeshError.from(error)) ? breaker.failed(this.#clock.now()) : breaker.released())),
    };
  }

  /**
   * Leave to begin work that may ask for a place on its way: always while closed, never while open, as many at once as there
   * are probes while half open. Gives what to call when that work is over.
   */
  begin(): (() => void) | undefined {
    if (!this.#breaker.isReady(this.#clock.now())) return undefined;
    if (this.state === "closed") return () => {};
    if (this.#turns >= this.#plan.halfOpenProbes) return undefined;
    this.#turns++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#turns--;
      this.#wake();
    };
  }

  /** Resolves when asking again may give something else. Rejects with the signal's reason when it aborts first. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const end = () => {
        this.#waiting.delete(onChange);
        signal.removeEventListener("abort", onAbort);
      };
      const onChange = () => {
        end();
        resolve();
      };
      const onAbort = () => {
        end();
        reject(signal.reason);
      };
      this.#waiting.add(onChange);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Calls back with true when it opens, and with false when its time is over: probes may come then. Returns what ends it. */
  follow(follower: (isOpen: boolean) => void): () => void {
    this.#followers.add(follower);
    if (this.retryAfterMs > 0) follower(true);
    return () => this.#followers.delete(follower);
  }

  /** Another one stands in its place: whoever waits for it asks again. */
  retire(): void {
    this.#followers.clear();
    this.#wake();
  }

  #turned(state: BreakerState): void {
    if (state === "open") {
      for (const follower of [...this.#followers]) follower(true);
      this.#clock.after(this.#plan.openForMs, () => {
        // Opened anew meanwhile: that has a time of its own.
        if (this.retryAfterMs > 0) return;
        for (const follower of [...this.#followers]) follower(false);
        this.#wake();
      });
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
