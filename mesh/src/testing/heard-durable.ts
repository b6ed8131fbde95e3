// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { PulledDurable } from "../broker/traffic.ts";

/** What is given back for longer waits at the broker; for shorter it is on its way. Real milliseconds. */
const soonMs = 500;

/** A message of EVENTS or COMMANDS. */
export interface StoredPlace {
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
}

/** A durable that hosts of this process pull from: which messages are its own, and which of them have come. */
export class HeardDurable {
  readonly durable: PulledDurable["durable"];
  /** Who pulls from it. */
  readonly pulls = new Set<PulledDurable>();
  readonly #filters: readonly (readonly string[])[];
  readonly #came = new Set<number>();
  readonly #coming = new Set<number>();
  #begins = Number.POSITIVE_INFINITY;

  constructor(durable: PulledDurable["durable"]) {
    this.durable = durable;
    this.#filters = durable.filters.map((filter) => filter.split("."));
  }

  /** Whether a message of it is on its way to somebody who takes it. One that is pinned comes to the one it is pinned to. */
  get isAwaited(): boolean {
    if (this.#coming.size === 0 || this.pulls.size === 0) return false;
    const pulls = [...this.pulls];
    return this.durable.pinned === true ? pulls.every(({ takes }) => takes) : pulls.some(({ takes }) => takes);
  }

  /** How many messages are to come. */
  get coming(): number {
    return this.#coming.size;
  }

  /** It is there. @param next the first sequence that it may not have settled */
  begin(next: number, stored: Iterable<StoredPlace>): void {
    this.#begins = Math.min(this.#begins, next);
    for (const place of stored) this.expect(place);
  }

  /** A message stands in a stream, perhaps in this one's. */
  expect({ stream, sequence, subject }: StoredPlace): void {
    if (stream !== this.durable.stream || sequence < this.#begins || this.#came.has(sequence)) return;
    const tokens = subject.split(".");
    if (this.#filters.some((filter) => covers(filter, tokens))) this.#coming.add(sequence);
  }

  came(sequence: number): void {
    this.#came.add(sequence);
    this.#coming.delete(sequence);
  }

  wentBack(sequence: number, delayMs: number): void {
    if (delayMs >= soonMs) return;
    this.#came.delete(sequence);
    this.#coming.add(sequence);
  }

  /** The broker says that there is nothing more of it: others have handled it, or it was deleted. */
  nothingComes(): void {
    for (const sequence of this.#coming) this.#came.add(sequence);
    this.#coming.clear();
  }
}

function covers(filter: readonly string[], tokens: readonly string[]): boolean {
  return filter.length === tokens.length && filter.every((token, index) => token === "*" || token === tokens[index]);
}
