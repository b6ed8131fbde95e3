// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { BreakerPlan } from "../plans.ts";

/** How a breaker stands. */
export type BreakerState = "closed" | "half_open" | "open";

/** The window is counted in this many slices; what is older than the window is forgotten a slice at a time. */
const slices = 10;

interface Slice {
  /** Number of the slice since the epoch. */
  readonly number: number;
  calls: number;
  failures: number;
}

/**
 * A circuit breaker: pure, with the time given to it. Ask {@link admit} before a call; tell {@link succeeded} or
 * {@link failed} after each admitted one, or {@link released} when it told nothing about the other side.
 */
export class Breaker {
  readonly #plan: BreakerPlan;
  readonly #onChange: (state: BreakerState) => void;
  #state: BreakerState = "closed";
  #era = 0;
  #window: Slice[] = [];
  #openUntil = 0;
  #probing = 0;
  #proven = 0;

  constructor(plan: BreakerPlan, onChange: (state: BreakerState) => void = () => {}) {
    this.#plan = plan;
    this.#onChange = onChange;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Grows with every change of state. What a call tells that was admitted in an earlier one says nothing any more. */
  get era(): number {
    return this.#era;
  }

  /** Whether a call may go through now. */
  admit(now: number): boolean {
    if (this.#state === "open" && now >= this.#openUntil) {
      this.#probing = 0;
      this.#proven = 0;
      this.#become("half_open");
    }
    if (this.#state === "closed") return true;
    if (this.#state === "open" || this.#probing + this.#proven >= this.#plan.halfOpenProbes) return false;
    this.#probing++;
    return true;
  }

  /** Whether {@link admit} would let a call through now. */
  isReady(now: number): boolean {
    if (this.#state === "closed") return true;
    if (this.#state === "open") return now >= this.#openUntil;
    return this.#probing + this.#proven < this.#plan.halfOpenProbes;
  }

  /** Milliseconds until a call may go through; 0: now, or as soon as probes are back. */
  retryAfterMs(now: number): number {
    return this.#state === "open" ? Math.max(0, this.#openUntil - now) : 0;
  }

  /** The other side did its work. */
  succeeded(now: number): void {
    if (this.#state === "closed") this.#count(now, 0);
    if (this.#state !== "half_open") return;
    this.#probing--;
    this.#proven++;
    if (this.#proven < this.#plan.halfOpenProbes) return;
    this.#window = [];
    this.#become("closed");
  }

  /** The other side failed. */
  failed(now: number): void {
    if (this.#state === "half_open") this.#open(now);
    if (this.#state !== "closed") return;
    this.#count(now, 1);
    const calls = this.#window.reduce((sum, slice) => sum + slice.calls, 0);
    const failures = this.#window.reduce((sum, slice) => sum + slice.failures, 0);
    if (calls >= this.#plan.minimumCalls && failures / calls >= this.#plan.failureRate) this.#open(now);
  }

  /** The call ended without telling anything: its caller gave up, or its request was wrong. */
  released(): void {
    if (this.#state === "half_open") this.#probing--;
  }

  #open(now: number): void {
    this.#openUntil = now + this.#plan.openForMs;
    this.#become("open");
  }

  #count(now: number, failures: number): void {
    const number = Math.floor((now * slices) / this.#plan.windowMs);
    this.#window = this.#window.filter((slice) => number - slice.number < slices);
    let slice = this.#window.at(-1);
    if (slice?.number !== number) {
      slice = { number, calls: 0, failures: 0 };
      this.#window.push(slice);
    }
    slice.calls++;
    slice.failures += failures;
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#era++;
    this.#onChange(state);
  }
}
