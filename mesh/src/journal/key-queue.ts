// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * Lets one commit at a time decide about a key within this process. Between processes optimistic concurrency decides; within
 * one, a thousand writers on one key would otherwise make half a million attempts.
 */
export class KeyQueue {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` when all earlier work on any of the keys is over. */
  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = keys.flatMap((key) => this.#tails.get(key) ?? []);
    const { promise: tail, resolve: leave } = Promise.withResolvers<void>();
    // All keys are entered in one turn, so no two pieces of work can wait for each other.
    for (const key of keys) this.#tails.set(key, tail);
    try {
      await Promise.all(before);
      return await work();
    } finally {
      leave();
      for (const key of keys) if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
