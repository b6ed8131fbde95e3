// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";

/** What is put in is taken out in the same order, by one reader, who must not fall too far behind. */
export class Mailbox<Item> {
  readonly #capacity: number;
  readonly #items: Item[] = [];
  #isFull = false;
  #wake: () => void = () => {};

  /** @param capacity items that may wait */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** One that finds no room is lost, and ends the reading. */
  put(item: Item): void {
    if (this.#isFull) return;
    this.#isFull = this.#items.length >= this.#capacity;
    if (this.#isFull) this.#items.length = 0;
    else this.#items.push(item);
    this.#wake();
  }

  /** All items, as they come, until the signal aborts. @throws MeshError OVERLOADED when there was no room for one */
  async *taken(signal: AbortSignal): AsyncGenerator<Item> {
    const onAbort = () => this.#wake();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        if (this.#isFull) throw fallenBehind(this.#capacity);
        const item = this.#items.shift();
        if (item === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        } else {
          yield item;
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

function fallenBehind(capacity: number): MeshError {
  const message = `whoever reads has fallen ${capacity} messages behind; read faster, and begin anew`;
  return new MeshError({ code: "OVERLOADED", message });
}
