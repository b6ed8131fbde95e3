// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { type Durable, ensureDurable, forgetDurable } from "../broker/durable.ts";
import { durableProgress } from "../broker/durable-progress.ts";
import { type Pull, pull } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { lastOf } from "../broker/stored-entry.ts";
import type { SidingPlace } from "./siding-book.ts";

/** What a siding needs of the sidings that it is one of. */
export interface SidingInit {
  readonly broker: Broker;
  readonly partition: Durable;
  readonly place: SidingPlace;
  /** Its place is being written into the book; default: it stands there. */
  readonly written?: Promise<void> | undefined;
}

/**
 * Where the messages of one key wait that is slow or fails while many wait behind it: a durable of its own, from a message
 * on. The broker hands out one at a time, to whoever asks, so their order is kept without anybody's memory; the partition
 * lets go of them, and the other keys go on.
 */
export class Siding {
  readonly place: SidingPlace;
  readonly #broker: Broker;
  readonly #durable: Durable;
  readonly #written: Promise<void>;
  #pull: Pull | undefined;
  #opened: Promise<unknown> | undefined;
  /** What waits for a siding that may be about to close; unset while it is not. */
  #decided: PromiseWithResolvers<void> | undefined;

  constructor({ broker, partition, place, written = Promise.resolve() }: SidingInit) {
    this.#broker = broker;
    this.#written = written;
    this.place = place;
    const filters = partition.filters.map((filter) => filter.replace(/\*$/, place.key));
    this.#durable = { stream: partition.stream, name: place.name, filters, from: "retained", maxUnsettled: 1 };
  }

  /** Sees to it that its durable is there, made by whomever. Before it stands in the book there is none. */
  open(): Promise<unknown> {
    this.#opened ??= this.#written.then(() => ensureDurable(this.#broker, this.#durable, this.place.from));
    this.#opened.catch(() => {
      this.#opened = undefined;
    });
    return this.#opened;
  }

  /** Resolves when a message of its key may be let go to it: it is there, and it is not about to close. */
  async ready(): Promise<void> {
    await this.open();
    await this.#decided?.promise;
  }

  get isRunning(): boolean {
    return this.#pull !== undefined;
  }

  /** Takes out its messages, one at a time; to be called when none from before it is left. */
  run(onMessage: (message: PulledMessage, durable: Durable) => Promise<void>): void {
    const durable = this.#durable;
    const take = (message: PulledMessage) => onMessage(message, durable);
    this.#pull ??= pull(this.#broker, { durable, maxMessages: 1, isDated: true, onMessage: take });
  }

  /** Takes out no more; another instance goes on with it. */
  async stop(): Promise<void> {
    const pulling = this.#pull;
    this.#pull = undefined;
    await pulling?.stop();
  }

  /**
   * Closes it when it is empty and the partition has seen all that it has handled.
   *
   * @param seen the highest message that the partition has been given
   * @param strike takes it off the book; false when that is somebody else's, or may be: nothing is closed then
   * @returns the last message that was handled here; undefined when it stays open
   */
  async close(seen: () => number, strike: () => Promise<boolean>): Promise<number | undefined> {
    if ((await this.#handledAll(seen)) === undefined) return undefined;
    const decided = Promise.withResolvers<void>();
    this.#decided = decided;
    try {
      await this.#pull?.pause();
      // Again, now that nothing is taken out and nothing let go to it.
      const delivered = await this.#handledAll(seen);
      if (delivered === undefined || !(await strike())) return undefined;
      await this.stop();
      // Nobody asks for it any more: one that stays behind because the broker is away is removed by the next owner.
      await forgetDurable(this.#broker, this.#durable).catch(() => {});
      return delivered;
    } finally {
      this.#decided = undefined;
      this.#pull?.resume();
      decided.resolve();
    }
  }

  async #handledAll(seen: () => number): Promise<number | undefined> {
    const { undelivered, unsettled, delivered } = await durableProgress(this.#broker, this.#durable);
    if (undelivered > 0 || unsettled > 0 || delivered > seen()) return undefined;
    // Its own leader in a cluster may not have yet what the partition's has delivered: the stream's leader has.
    const { stream, filters } = this.#durable;
    const newest = await Promise.all(filters.map((filter) => lastOf(this.#broker, stream, filter)));
    return newest.some((message) => message !== undefined && message.sequence > delivered) ? undefined : delivered;
  }
}
