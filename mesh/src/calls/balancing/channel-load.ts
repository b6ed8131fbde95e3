// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Weight of the newest call in the moving average. */
const newest = 0.2;
/** Milliseconds without a call after which an average counts half: what was slow gets tried again. */
const halfLifeMs = 10_000;
/** A failure counts as this long at least, or who fails at once would look fast. */
const failureMs = 100;
const longestMs = 60_000;

/** How the calls from this process to one instance go: what balancing looks at. Pure, with the time given to it. */
export class ChannelLoad {
  #inFlight = 0;
  #averageMs: number | undefined;
  #measuredAt = 0;

  /** Calls that have not ended; a stream ends with its last message. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Moving average of the time to an answer; 0 while nothing is known, so that a new instance is tried. */
  averageMs(now: number): number {
    if (this.#averageMs === undefined) return 0;
    return this.#averageMs * 2 ** (-(now - this.#measuredAt) / halfLifeMs);
  }

  began(): void {
    this.#inFlight++;
  }

  /** An answer came, or a stream began. */
  answered(tookMs: number, now: number): void {
    this.#measure(tookMs, now);
  }

  /** The instance failed. */
  failed(now: number): void {
    this.#measure(Math.min(longestMs, Math.max(failureMs, 2 * this.averageMs(now))), now);
  }

  ended(): void {
    this.#inFlight--;
  }

  #measure(ms: number, now: number): void {
    this.#averageMs = this.#averageMs === undefined ? ms : this.averageMs(now) * (1 - newest) + ms * newest;
    this.#measuredAt = now;
  }
}
