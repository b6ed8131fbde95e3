// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * Which messages of a durable this process has not seen settled: if the durable is deleted, one that is made again at
 * {@link next} leaves none of them out.
 */
export class Unsettled {
  readonly #open = new Set<number>();
  #highest = 0;
  #isKnown = false;

  /** A message was delivered. */
  begin(sequence: number): void {
    this.#open.add(sequence);
    this.#highest = Math.max(this.#highest, sequence);
    this.#isKnown = true;
  }

  /** A message was acknowledged or terminated here. One that was given back may be settled elsewhere: see {@link raise}. */
  done(sequence: number): void {
    this.#open.delete(sequence);
  }

  /** The broker says that everything below `sequence` is settled. */
  raise(sequence: number): void {
    for (const open of this.#open) if (open < sequence) this.#open.delete(open);
    this.#highest = Math.max(this.#highest, sequence - 1);
    this.#isKnown = true;
  }

  /** Messages that were not seen settled. */
  get size(): number {
    return this.#open.size;
  }

  /** The first sequence that may be unsettled; undefined as long as nothing is known. */
  next(): number | undefined {
    let lowest = this.#highest + 1;
    for (const open of this.#open) lowest = Math.min(lowest, open);
    return this.#isKnown ? lowest : undefined;
  }

  /** Another stream has taken the place of the one that this was about. */
  forget(): void {
    this.#open.clear();
    this.#highest = 0;
    this.#isKnown = false;
  }
}
