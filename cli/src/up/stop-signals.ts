// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Signals that ask the process to end. */
const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * One Ctrl-C reaches this process more than once: from the terminal, and passed on by npm and by our own starter. What
 * comes within this many milliseconds is the same wish.
 */
const sameWishMs = 500;

/** Waits for the wish to end: the first signal aborts `signal`, a second one ends the process at once. */
export class StopSignals implements Disposable {
  readonly #wish = new AbortController();
  #firstAt = Number.POSITIVE_INFINITY;
  readonly #onSignal = () => {
    if (!this.#wish.signal.aborted) {
      this.#firstAt = performance.now();
      this.#wish.abort();
    } else if (performance.now() - this.#firstAt > sameWishMs) process.exit(130);
  };

  constructor() {
    for (const name of names) process.on(name, this.#onSignal);
  }

  /** Aborts at the first signal. */
  get signal(): AbortSignal {
    return this.#wish.signal;
  }

  /** Resolves at the first signal, at once when it has come. */
  requested(): Promise<void> {
    const { signal } = this.#wish;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  [Symbol.dispose](): void {
    for (const name of names) process.off(name, this.#onSignal);
  }
}
