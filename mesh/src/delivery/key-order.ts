// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Work of different keys goes side by side, work of one key one after the other, in the order of entering. */
export class KeyOrder {
  /** Whoever waits for a key that is taken. */
  readonly #waiting = new Map<string, Set<() => void>>();

  /**
   * Waits for the key's turn. Returns a function that gives the turn on, to be called once; undefined when the signal aborts
   * first.
   */
  async turn(key: string, signal: AbortSignal): Promise<(() => void) | undefined> {
    const queue = this.#waiting.get(key);
    if (queue === undefined) this.#waiting.set(key, new Set());
    else if (!(await waitIn(queue, signal))) return undefined;
    return () => this.#next(key);
  }

  #next(key: string): void {
    const [next] = this.#waiting.get(key) ?? [];
    if (next === undefined) this.#waiting.delete(key);
    else next();
  }
}

/** Waits until called in a queue, or false when the signal aborts first. */
export function waitIn(queue: Set<() => void>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isCalled: boolean) => {
      queue.delete(call);
      signal.removeEventListener("abort", abort);
      resolve(isCalled);
    };
    const call = () => end(true);
    const abort = () => end(false);
    queue.add(call);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
}
