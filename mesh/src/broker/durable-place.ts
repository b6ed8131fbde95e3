// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "./connection.ts";
import { type Durable, ensureDurable, firstOpen, streamMade } from "./durable.ts";
import { Unsettled } from "./unsettled.ts";

/** More than are ever in hand of one durable: beyond it are those that were given back, or lost. */
const usually = 1_000;

/**
 * Where one process is in a durable, so that the durable can be made again at the right place when somebody deletes it, or
 * the whole stream, underneath. Only what this process has seen is known: what another instance still has in hand at that
 * moment is done there, and comes again only where it stands behind that place.
 */
export class DurablePlace {
  readonly #broker: Broker;
  readonly #durable: Durable;
  readonly #onRemade: ((where: string) => void) | undefined;
  readonly #unsettled = new Unsettled();
  /** So many may be open before the broker is asked which of them others have settled. */
  #most = usually;
  /** When the stream was made; unset before the first look. */
  #streamMade: string | undefined;

  /** @param onRemade is told when the durable had been deleted and is there again: where it goes on, as a sentence */
  constructor(broker: Broker, durable: Durable, onRemade?: (where: string) => void) {
    this.#broker = broker;
    this.#durable = durable;
    this.#onRemade = onRemade;
  }

  /** Messages that this process has not seen settled. */
  get open(): number {
    return this.#unsettled.size;
  }

  /** A message was delivered. */
  begin(sequence: number): void {
    this.#unsettled.begin(sequence);
    if (this.#unsettled.size > this.#most) void this.#shed();
  }

  /** A message was acknowledged or terminated here. */
  done(sequence: number): void {
    this.#unsettled.done(sequence);
  }

  /** Forgets those that were given back here and settled elsewhere. */
  async #shed(): Promise<void> {
    this.#most = Number.POSITIVE_INFINITY;
    const next = await firstOpen(this.#broker, this.#durable).catch(() => 0);
    this.#unsettled.raise(next);
    this.#most = Math.max(usually, 2 * this.#unsettled.size);
  }

  /**
   * Sees to it that the durable is there. Gives the first message that it may not have settled, as its sequence.
   *
   * @throws what {@link ensureDurable} throws
   */
  async ensure(): Promise<number> {
    const { stream, name } = this.#durable;
    const made = await streamMade(this.#broker, stream);
    const isFirst = this.#streamMade === undefined;
    const isOther = !isFirst && made !== this.#streamMade;
    // Its sequences say nothing about what was handled of the old one; to begin from now would leave something out.
    if (isOther) this.#unsettled.forget();
    const durable = isOther ? { ...this.#durable, from: "retained" as const } : this.#durable;
    const at = this.#unsettled.next();
    const { next, isNew } = await ensureDurable(this.#broker, durable, at);
    this.#unsettled.raise(next);
    this.#streamMade = made;
    if (isFirst || !isNew) return next;
    this.#onRemade?.(
      isOther
        ? `stream "${stream}" had been deleted and made again, and consumer "${name}" with it; what was handled of the old one is not known, so it hears everything that the new one holds`
        : `consumer "${name}" of stream "${stream}" had been deleted; it was made again at message ${at}, the first that this process has not seen settled`,
    );
    return next;
  }
}
