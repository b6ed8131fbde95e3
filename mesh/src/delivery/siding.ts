// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import type { Broker } from "../broker/connection.ts";
import { type Durable, durablesUnder, ensureDurable, forgetDurable } from "../broker/durable.ts";
import { durableProgress } from "../broker/durable-progress.ts";
import { patiently } from "../broker/patience.ts";
import { type Pull, pull } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { keyTokenIn } from "../broker/read-subject.ts";

/**
 * Where the messages of one key wait that is slow or fails while many wait behind it: a durable of its own, from a message
 * on. The broker hands out one at a time, to whoever asks, so their order is kept without anybody's memory; the partition
 * lets go of them, and the other keys go on.
 */
export class Siding {
  /** As in subjects. */
  readonly key: string;
  /** The first message that waits here. */
  readonly from: number;
  readonly #broker: Broker;
  readonly #durable: Durable;
  #pull: Pull | undefined;
  #opened: Promise<unknown> | undefined;
  #isClosing = false;
  /** What was waiting for a siding that may be about to close. */
  #decided = Promise.withResolvers<void>();

  private constructor(broker: Broker, durable: Durable, { key, from }: Pick<Siding, "key" | "from">) {
    this.#broker = broker;
    this.#durable = durable;
    this.key = key;
    this.from = from;
  }

  /** Makes a siding of a partition; resolved `opened` says that it is there. */
  static open(broker: Broker, partition: Durable, place: Pick<Siding, "key" | "from">): Siding {
    const name = `${partition.name}~${createHash("sha256").update(place.key).digest("hex").slice(0, 16)}`;
    const filters = partition.filters.map((filter) => filter.replace(/\*$/, place.key));
    const durable: Durable = { stream: partition.stream, name, filters, from: "retained", maxUnsettled: 1 };
    const siding = new Siding(broker, durable, place);
    siding.#opened = ensureDurable(broker, durable, place.from);
    return siding;
  }

  /** Those of a partition that are there, whoever opened them. */
  static async known(broker: Broker, partition: Durable): Promise<readonly Siding[]> {
    const infos = await durablesUnder(broker, partition);
    return infos.map(({ name, config }) => {
      const filters = config.filter_subjects ?? [config.filter_subject ?? ""];
      const durable = { stream: partition.stream, name, filters, from: "retained" as const, maxUnsettled: 1 };
      const place = { key: keyTokenIn(filters[0] ?? ""), from: config.opt_start_seq ?? 1 };
      return new Siding(broker, durable, place);
    });
  }

  /** Resolves when a message of its key may be let go to it: it is there, and it is not about to close. */
  async ready(): Promise<void> {
    await this.#opened;
    if (this.#isClosing) await this.#decided.promise;
  }

  get isRunning(): boolean {
    return this.#pull !== undefined;
  }

  /** Takes out its messages, one at a time; to be called when none from before it is left. */
  run(onMessage: (message: PulledMessage, durable: Durable) => Promise<void>): void {
    const durable = this.#durable;
    this.#pull ??= pull(this.#broker, {
      durable,
      maxMessages: 1,
      isDated: true,
      onMessage: (message) => onMessage(message, durable),
    });
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
   * @returns the last message that was handled here; undefined when it stays open
   */
  async close(seen: () => number): Promise<number | undefined> {
    if ((await this.#handledAll(seen)) === undefined) return undefined;
    this.#isClosing = true;
    try {
      await this.#pull?.pause();
      // Again, now that nothing is taken out and nothing let go to it.
      const delivered = await this.#handledAll(seen);
      if (delivered === undefined) return undefined;
      await this.stop();
      // Until it is known to be gone: if it stayed open here and were not there, what is let go to it would be nowhere.
      const what = `closing siding "${this.#durable.name}"`;
      await patiently(this.#broker, what, () => forgetDurable(this.#broker, this.#durable));
      return delivered;
    } finally {
      this.#isClosing = false;
      this.#pull?.resume();
      this.#decided.resolve();
      this.#decided = Promise.withResolvers();
    }
  }

  async #handledAll(seen: () => number): Promise<number | undefined> {
    const { undelivered, unsettled, delivered } = await durableProgress(this.#broker, this.#durable);
    return undelivered > 0 || unsettled > 0 || delivered > seen() ? undefined : delivered;
  }
}
