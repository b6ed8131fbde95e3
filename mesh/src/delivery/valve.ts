// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * Lets messages through or holds them back: shut as long as anybody has a reason. What is in hand when it shuts goes on;
 * nothing more is pulled, and what the broker had sent already waits here and costs no attempt.
 */
export class Valve {
  readonly #reasons = new Set<string>();
  readonly #listeners = new Set<() => void>();

  /** Holds back for a reason; saying the same one again changes nothing. */
  shut(reason: string): void {
    const before = this.isOpen;
    this.#reasons.add(reason);
    this.#tell(before);
  }

  /** Takes a reason back; lets through when it was the last one. */
  open(reason: string): void {
    const before = this.isOpen;
    this.#reasons.delete(reason);
    this.#tell(before);
  }

  get isOpen(): boolean {
    return this.#reasons.size === 0;
  }

  /** Why it is shut, oldest first; empty when it is open. */
  get reasons(): readonly string[] {
    return [...this.#reasons];
  }

  /** Resolves when it is open. Rejects with the signal's reason when that aborts first. */
  opened(signal?: AbortSignal): Promise<void> {
    if (this.isOpen) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        end();
        reject(signal?.reason);
      };
      const end = this.onChange(() => {
        end();
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Calls back whenever it opens or shuts, not for each reason. Returns a function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(before: boolean): void {
    if (before === this.isOpen) return;
    for (const listener of [...this.#listeners]) listener();
  }
}
