// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * The handlers of one method that may run at once in this process, through whatever door they come. Calls are refused when all
 * places are taken; commands wait for one, in the order in which they came, and go before calls.
 */
export class Places {
  #most: number;
  #taken = 0;
  readonly #waiting = new Set<() => void>();

  constructor(most: number) {
    this.#most = most;
  }

  get most(): number {
    return this.#most;
  }

  /** Gives other room from now on: who waits comes in where there is more; who is in stays where there is less. */
  resize(most: number): void {
    this.#most = most;
    for (const next of [...this.#waiting].slice(0, Math.max(0, most - this.#taken))) {
      this.#taken++;
      this.#waiting.delete(next);
      next();
    }
  }

  /** A place at once: what to call when it is free again; undefined when there is none. */
  tryTake(): (() => void) | undefined {
    if (this.#taken >= this.#most) return undefined;
    this.#taken++;
    return this.#leaver();
  }

  /** A place as soon as there is one. Rejects with the signal's reason when it aborts first. */
  async take(signal: AbortSignal | undefined): Promise<() => void> {
    signal?.throwIfAborted();
    const leave = this.tryTake();
    if (leave !== undefined) return leave;
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(onTurn);
        reject(signal?.reason);
      };
      const onTurn = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#waiting.add(onTurn);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
    return this.#leaver();
  }

  #leaver(): () => void {
    let isFree = false;
    return () => {
      if (isFree) return;
      isFree = true;
      const [next] = this.#waiting;
      // The place goes from hand to hand: nobody else sees it free. Unless there are fewer places by now.
      if (next === undefined || this.#taken > this.#most) this.#taken--;
      else {
        this.#waiting.delete(next);
        next();
      }
    };
  }
}
