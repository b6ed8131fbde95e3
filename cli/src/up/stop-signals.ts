// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { once } from "node:events";

/** Signals that ask the process to end. */
const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * One Ctrl-C reaches this process more than once: from the terminal, and passed on by npm and by our own starter. What
 * comes within this many milliseconds is the same wish.
 */
const sameWishMs = 500;

/**
 * Waits for the wish to end. While the mesh starts there is nothing to finish: a signal ends the process at once, and what
 * it started ends with it. Afterwards the first signal is a wish, and only a second one ends the process at once.
 */
export class StopSignals implements Disposable {
  readonly #wish = new AbortController();
  #started = false;
  #firstAt = Number.POSITIVE_INFINITY;
  readonly #onSignal = () => {
    if (this.#started && !this.#wish.signal.aborted) {
      this.#firstAt = performance.now();
      this.#wish.abort();
    } else if (!this.#started || performance.now() - this.#firstAt > sameWishMs) process.exit(130);
  };

  constructor() {
    for (const name of names) process.on(name, this.#onSignal);
  }

  /** From now on there is something to finish. */
  started(): void {
    this.#started = true;
  }

  /** Whether the first signal has come. */
  get requested(): boolean {
    return this.#wish.signal.aborted;
  }

  /** Resolves at the first signal, at once when it has come. */
  async wait(): Promise<void> {
    const { signal } = this.#wish;
    if (!signal.aborted) await once(signal, "abort");
  }

  [Symbol.dispose](): void {
    for (const name of names) process.off(name, this.#onSignal);
  }
}
