// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { Broker } from "../broker/connection.ts";
import { type Durable, durableProgress, unpin } from "../broker/durable.ts";
import { Pin } from "../broker/pin.ts";
import type { Pull } from "../broker/pull-consumer.ts";
import { keyTokenIn } from "../broker/subjects.ts";
import type { Hold } from "./hold.ts";
import { KeyOrder, waitIn } from "./key-order.ts";

/** Between two questions whether everything unsettled has come here. */
const lookAgainMs = 100;
/** How long one that was given away is left to others. */
const stayAwayMs = 3_000;

/**
 * One partition of an ordered hearer, as one instance sees it. The broker serves one instance at a time; but what it had
 * delivered to another one before may still be worked on there. So an instance that gets the partition begins nothing until
 * every unsettled message of it is in its own hands (settled by the other one, or delivered again because that one is gone),
 * and then takes them in the order in which they were stored.
 */
export class Partition {
  readonly pin: Pin;
  readonly #broker: Broker;
  readonly #durable: Durable;
  readonly #order = new KeyOrder();
  readonly #held = new Set<Hold>();
  /** Who waits until nothing is in other hands, by the sequence of its message. */
  readonly #entrants = new Map<number, Set<() => void>>();
  #isSure = false;
  #doubts = 0;
  #looking = false;
  #stopped = false;

  constructor(broker: Broker, durable: Durable) {
    this.#broker = broker;
    this.#durable = durable;
    this.pin = new Pin(() => this.doubt());
  }

  /** Messages in hand, those that wait included. */
  get size(): number {
    return this.#held.size;
  }

  /** Whether the broker serves this instance. */
  get isOwned(): boolean {
    return this.pin.id !== undefined;
  }

  /**
   * Waits for a message's turn. Returns a function that gives the turn on, to be called once, when it is settled; undefined
   * when it is lost or abandoned first.
   */
  async turn(hold: Hold): Promise<(() => void) | undefined> {
    this.#held.add(hold);
    const { sequence, subject } = hold.message;
    for (;;) {
      const leave = (await this.#entered(sequence, hold.signal))
        ? await this.#order.turn(keyTokenIn(subject), hold.signal)
        : undefined;
      if (leave !== undefined && !this.#isSure && !this.#stopped) {
        // Something came into doubt while it waited, perhaps a message of its key that is to go first.
        leave();
        continue;
      }
      const end = () => {
        this.#held.delete(hold);
        leave?.();
      };
      if (leave !== undefined) return end;
      end();
      return undefined;
    }
  }

  /** Something may be in other hands: begins nothing new until that is known not to be so. */
  doubt(): void {
    this.#isSure = false;
    this.#doubts++;
  }

  /** Lets everybody in, who then finds the host draining. */
  stop(): void {
    this.#stopped = true;
    this.#letIn();
  }

  /** Leaves the partition to another instance, when there is nothing in hand any more. */
  async giveAway(pull: Pull): Promise<void> {
    await pull.pause();
    while (this.size > 0 && !this.#stopped) await delay(lookAgainMs);
    if (!this.#stopped) await this.leave();
    await delay(stayAwayMs, undefined, { ref: false });
    if (!this.#stopped) pull.resume();
  }

  /** Gives the pin away, if it is here. */
  async leave(): Promise<void> {
    if (!this.isOwned) return;
    this.pin.lost();
    // When the broker does not hear it, the pin falls to somebody else by itself.
    await unpin(this.#broker, this.#durable).catch(() => {});
  }

  #entered(sequence: number, signal: AbortSignal): Promise<boolean> {
    if (this.#isSure || this.#stopped) return Promise.resolve(!signal.aborted);
    const queue = this.#entrants.get(sequence) ?? new Set();
    this.#entrants.set(sequence, queue);
    const entered = waitIn(queue, signal);
    if (!this.#looking) void this.#look();
    return entered;
  }

  async #look(): Promise<void> {
    this.#looking = true;
    while (this.#entrants.size > 0 && !this.#stopped) {
      const doubts = this.#doubts;
      const unsettled = await this.#unsettled();
      const here = [...this.#held].filter(({ isLost }) => !isLost).length;
      if (doubts === this.#doubts && unsettled <= here) {
        this.#isSure = true;
        this.#letIn();
        break;
      }
      await delay(lookAgainMs, undefined, { ref: false });
    }
    this.#looking = false;
  }

  async #unsettled(): Promise<number> {
    try {
      return (await durableProgress(this.#broker, this.#durable)).unsettled;
    } catch {
      // The broker is away; as long as it does not say so, nothing is sure.
      return Number.POSITIVE_INFINITY;
    }
  }

  /** In the order in which they were stored, whatever the order of their coming. */
  #letIn(): void {
    const inOrder = [...this.#entrants].toSorted(([a], [b]) => a - b);
    this.#entrants.clear();
    for (const [, queue] of inOrder) for (const enter of [...queue]) enter();
  }
}
