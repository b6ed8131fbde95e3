// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Places that are remembered, the ones that were settled last. */
const most = 1_000;

/** Messages that were settled here after they were lost: another delivery of them may still be on its way here. */
export class SettledLate {
  readonly #places = new Set<string>();

  add(place: string): void {
    this.#places.add(place);
    const [oldest] = this.#places;
    if (this.#places.size > most && oldest !== undefined) this.#places.delete(oldest);
  }

  has(place: string): boolean {
    return this.#places.has(place);
  }
}
