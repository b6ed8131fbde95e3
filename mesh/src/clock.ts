// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * The time that contracts are about: timeouts, retry delays, breaker windows. Tests set it by hand.
 *
 * Promises to the broker (acknowledgement heartbeats, directory heartbeats) never use it: they are due in real time,
 * whatever a test's clock says.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `delayMs` (at least 0). Returns a function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The machine's clock. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    // A larger delay overflows Node's timers and would fire at once; of a negative one Node warns.
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), 0x7fffffff));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Waits `delayMs` of `clock`. Rejects with the signal's reason when it aborts first, and leaves nothing behind.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
