// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** What is put in is taken out in the same order, by one reader. Without a bound: for what cannot be many. */
export class Mailbox<Item> {
  readonly #items: Item[] = [];
  #wake: () => void = () => {};

  put(item: Item): void {
    this.#items.push(item);
    this.#wake();
  }

  /** All items, as they come, until the signal aborts. */
  async *taken(signal: AbortSignal): AsyncGenerator<Item> {
    const onAbort = () => this.#wake();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
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
