// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// In thousandths of a retry, so that sums are exact; one comes with each millisecond, so that what is called rarely is retried
// all the same.
const retryCost = 1_000;
/** With each call. */
const share = 200;
/** From the start. */
const atFirst = 10 * retryCost;
/** Saved up in quiet times, at most. */
const most = 100 * retryCost;

/** How much {@link RetryBudget} grants, as the error says it. */
export const retryShare = `${(share * 100) / retryCost} % of calls`;

/**
 * Bounds the retries of a method to a share of its calls, so that a callee that fails all is not called several times as
 * often as it could not bear: one retry for five calls, one a second, and ten to begin with. The same thought as gRPC's retry
 * throttling, counted by calls instead of successes: a callee that comes back is found by its calls, not by their retries.
 * @see https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs
 */
export class RetryBudget {
  #saved = atFirst;
  #at: number;

  /** @param now milliseconds, as for all its methods */
  constructor(now: number) {
    this.#at = now;
  }

  /** A call begins. */
  called(now: number): void {
    this.#refill(now);
    this.#saved = Math.min(most, this.#saved + share);
  }

  /** Whether a retry may be made; it is counted then. */
  take(now: number): boolean {
    this.#refill(now);
    if (this.#saved < retryCost) return false;
    this.#saved -= retryCost;
    return true;
  }

  #refill(now: number): void {
    this.#saved = Math.min(most, this.#saved + Math.max(0, now - this.#at));
    this.#at = Math.max(this.#at, now);
  }
}
