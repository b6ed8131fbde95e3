// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { KV } from "@nats-io/kv";
import type { Broker } from "./connection.ts";

/** A change of a bucket; `value` is unset when the entry was deleted. An entry that runs out changes silently. */
export interface BucketChange {
  readonly key: string;
  readonly value: Uint8Array | undefined;
  /** Grows with every change of the bucket. */
  readonly revision: number;
}

/** How often it is looked whether the watch has kept up. */
const checkEveryMs = 2_000;

/** What is watched, and who is told. */
export interface WatchInit {
  readonly broker: Broker;
  readonly store: KV;
  /** The stream that holds the bucket. */
  readonly stream: string;
  readonly onChange: (change: BucketChange) => void;
}

type Changes = Awaited<ReturnType<KV["watch"]>>;

/**
 * A watch that begins again when it ended, when the connection was lost, or when the bucket is further than what it told: the
 * library's own can lag for a minute after a leader was lost. What was told before may then be told again.
 */
export class BucketWatch {
  readonly #init: WatchInit;
  #changes: Changes | undefined;
  #timer: NodeJS.Timeout | undefined;
  #endReconnect: () => void = () => {};
  /** The newest revision that was told, or that the watch began after. */
  #told = 0;
  /** The newest revision in the bucket at the last check. */
  #newest = 0;
  #beginning = false;
  #stopped = false;

  constructor(init: WatchInit) {
    this.#init = init;
  }

  /** Resolves when changes from now on are told. */
  async start(): Promise<void> {
    await this.#begin();
    this.#timer = setInterval(() => void this.#check().catch(() => {}), checkEveryMs);
    this.#timer.unref();
    this.#endReconnect = this.#init.broker.onReconnect(() => void this.#begin().catch(() => {}));
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#endReconnect();
    this.#changes?.stop();
  }

  async #begin(): Promise<void> {
    if (this.#stopped || this.#beginning) return;
    this.#beginning = true;
    try {
      this.#changes?.stop();
      this.#changes = undefined;
      // What is there up to now is told at once, unless it is gone: it must not be waited for.
      this.#told = await this.#newestRevision();
      const changes = await this.#init.store.watch();
      if (this.#stopped) return changes.stop();
      this.#changes = changes;
      void this.#tell(changes).catch(() => {});
    } finally {
      this.#beginning = false;
    }
  }

  async #tell(changes: Changes): Promise<void> {
    for await (const { key, operation, value, revision } of changes) {
      this.#told = Math.max(this.#told, revision);
      this.#init.onChange({ key, value: operation === "PUT" ? value : undefined, revision });
    }
    // Ended from outside, unless another one has taken its place.
    if (this.#changes === changes) this.#changes = undefined;
  }

  async #check(): Promise<void> {
    // Behind what was there a whole check ago.
    if (this.#changes === undefined || this.#told < this.#newest) await this.#begin();
    this.#newest = await this.#newestRevision();
  }

  async #newestRevision(): Promise<number> {
    return (await this.#init.broker.manager.streams.info(this.#init.stream)).state.last_seq;
  }
}
