// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { KeyState } from "./key-state.ts";

/** Keys that one process keeps folded; the one that was used longest ago makes room. */
const defaultCapacity = 10_000;

/**
 * Keys as they were when last seen, by their canonical filter. May be behind: whoever writes states the sequence that it
 * knows, and the broker refuses when there is a newer one.
 */
export class KeyCache {
  readonly #keys = new Map<string, KeyState<unknown>>();
  readonly #capacity: number;

  constructor(capacity: number = defaultCapacity) {
    this.#capacity = capacity;
  }

  get(filter: string): KeyState<unknown> | undefined {
    const key = this.#keys.get(filter);
    if (key === undefined) return undefined;
    this.#keys.delete(filter);
    this.#keys.set(filter, key);
    return key;
  }

  set(filter: string, key: KeyState<unknown>): void {
    this.#keys.delete(filter);
    this.#keys.set(filter, key);
    if (this.#keys.size <= this.#capacity) return;
    const [oldest] = this.#keys.keys();
    if (oldest !== undefined) this.#keys.delete(oldest);
  }

  delete(filter: string): void {
    this.#keys.delete(filter);
  }
}
