// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Something that can be put on a noticeboard. */
export interface Notice {
  /** The same when the same news comes again. */
  readonly notificationId: string;
}

const keptForEach = 50;
const readersKept = 10_000;

/**
 * What users and providers are told: the latest notices of each, and whoever is watching. In memory of one instance;
 * those told least recently are forgotten first.
 */
export class Noticeboard<N extends Notice> {
  readonly #notices = new Map<string, readonly N[]>();
  readonly #watchers = new Map<string, Set<(notice: N) => void>>();

  /** Puts up a notice for `key` and tells whoever watches. The same notice again changes nothing. */
  post(key: string, notice: N): void {
    const before = this.#notices.get(key) ?? [];
    if (before.some(({ notificationId }) => notificationId === notice.notificationId)) return;
    this.#notices.delete(key);
    this.#notices.set(key, [...before, notice].slice(-keptForEach));
    const [oldest] = this.#notices.keys();
    if (this.#notices.size > readersKept && oldest !== undefined) this.#notices.delete(oldest);
    for (const tell of this.#watchers.get(key) ?? []) tell(notice);
  }

  /** The notices after `afterId` (all that are kept when it is empty or unknown), then each new one until the signal aborts. */
  async *watch(key: string, afterId: string, signal: AbortSignal): AsyncIterable<N> {
    const kept = this.#notices.get(key) ?? [];
    const pending = kept.slice(kept.findIndex(({ notificationId }) => notificationId === afterId) + 1);
    let wake = () => {};
    const tell = (notice: N) => {
      pending.push(notice);
      wake();
    };
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers.add(tell));
    const onAbort = () => wake();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        const next = pending.shift();
        if (next !== undefined) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (signal.aborted || pending.length > 0) resolve();
          });
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      watchers.delete(tell);
      if (watchers.size === 0) this.#watchers.delete(key);
    }
  }
}
