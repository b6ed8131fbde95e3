// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Keys that are remembered, the ones that were heard last. */
const maxKeys = 10_000;

/**
 * Sees whether a message of an ordered hearer begins after a later one of its key, as far as this process has seen. It should
 * never: it is how a defect, or a message that the broker delivers again after it was acknowledged, would show.
 */
export class OrderWatch {
  /** By key, the sequence of the last message that began. */
  readonly #last = new Map<string, number>();

  /** A message begins, or is tried again. False when a later one of its key has begun before. */
  begins(key: string, sequence: number): boolean {
    const last = this.#last.get(key) ?? 0;
    this.#last.delete(key);
    this.#last.set(key, Math.max(last, sequence));
    const [oldest] = this.#last.keys();
    if (this.#last.size > maxKeys && oldest !== undefined) this.#last.delete(oldest);
    return sequence >= last;
  }
}
