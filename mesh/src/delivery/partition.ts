// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { Broker } from "../broker/connection.ts";
import { type Durable, unpin } from "../broker/durable.ts";
import { durableProgress } from "../broker/durable-progress.ts";
import { Pin } from "../broker/pin.ts";
import type { Pull } from "../broker/pull-consumer.ts";
import { keyTokenIn } from "../broker/read-subject.ts";
import { underWay } from "../broker/traffic.ts";
import { UnsettledProof } from "../broker/unsettled-proof.ts";
import { MeshError } from "../mesh-error.ts";
import { logger } from "../telemetry/logger.ts";
import { isAllHere, toProve } from "./all-here.ts";
import type { Hold } from "./hold.ts";
import { KeyOrder, waitIn } from "./key-order.ts";
import type { SidingBook } from "./siding-book.ts";
import { Sidings, type Tending } from "./sidings.ts";

/** Between two questions whether everything unsettled has come here. */
const lookAgainMs = 100;
/** So many times it is tended between two looks for sidings that nobody tends: where there seem to be none, and where some are. */
const glanceEvery = { usually: 20, whenSeen: 8 } as const;
/** How long one that was given away is left to others. */
const stayAwayMs = 3_000;

/**
 * One partition of an ordered hearer, as one instance sees it. The broker serves one instance at a time; but what it had
 * delivered to another one before may still be worked on there. So an instance that gets the partition begins nothing until
 * every unsettled message of it is in its own hands (settled by the other one, or delivered again because that one is gone),
 * and then takes them in the order in which they were stored.
 *
 * Why no message of a key begins before all earlier ones have ended, and no key is handled in two places:
 *
 * 1. What is in hand here is in no other hands while its {@link Hold} says so: its time ends before the broker's, counted from
 *    before the broker sent it or confirmed a word about it. A process that stood still, or whose connection was silent, finds
 *    its messages lost before it begins one; only a handler that had begun may still be running then, and what it commits is
 *    refused or recognised.
 * 2. {@link isAllHere} says when nothing that is unsettled is in other hands. From then on that stays so until the pin changes or
 *    something is lost or given back here, each of which is a doubt: it is found out anew before anything else begins. A turn is
 *    only given with no doubt, and losses that nobody has noticed are looked for first.
 * 3. So at the beginning of a message each earlier one of its key is settled, or in hand here; and of those in hand the earlier
 *    go first ({@link KeyOrder}). What is settled does not come back, but for an acknowledgement that the broker forgot: then it
 *    is a repeat.
 * 4. What waits in a siding begins only under a page of the book that is this instance's ({@link SidingBook}), and the broker hands
 *    out one at a time.
 *
 * It stays live: who loses the pin hands back what has not begun, for the next owner waits for it; and what comes in all the time
 * does not count.
 */
export class Partition {
  readonly pin: Pin;
  readonly #broker: Broker;
  readonly #durable: Durable;
  readonly #order = new KeyOrder();
  readonly #held = new Set<Hold>();
  /** Who waits until nothing is in other hands, by the sequence of its message. */
  readonly #entrants = new Map<number, Set<() => void>>();
  readonly #sidings: Sidings;
  /** Why its sidings could not be taken over the last time. */
  #trouble: string | undefined;
  #isSure = false;
  #isLeaving = false;
  #doubts = 0;
  #looking = false;
  #stopped = false;
  #tended = 0;

  constructor(broker: Broker, durable: Durable, book: SidingBook) {
    this.#broker = broker;
    this.#durable = durable;
    this.#sidings = new Sidings({ broker, partition: durable, book, onDoubt: () => this.doubt() });
    this.pin = new Pin(() => {
      this.doubt();
      if (!this.isOwned) this.#lost();
    });
  }

  /** Messages in hand, those that wait included. */
  get size(): number {
    return this.#held.size;
  }

  /** Whether the broker serves this instance, and it means to keep it so. */
  get isOwned(): boolean {
    return this.pin.id !== undefined && !this.#isLeaving;
  }

  /** Whether what is in hand may wait for its turn here. */
  get #isIn(): boolean {
    return this.isOwned || this.#isLeaving || this.#stopped;
  }

  /**
   * Waits for a message's turn. Returns a function that gives the turn on, to be called once, when it is settled; undefined
   * when it is lost or abandoned first.
   */
  async turn(hold: Hold): Promise<(() => void) | undefined> {
    this.#held.add(hold);
    const { sequence, subject } = hold.message;
    this.#sidings.see(sequence);
    // The pin may have been lost since the message came in: nobody would ask for what waits here then.
    while (this.#isIn && (await this.#entered(sequence, hold.waiting)) && this.#isIn) {
      if (await this.#isElsewhere(hold)) break;
      const leave = await this.#order.turn(keyTokenIn(subject), hold.waiting);
      if (leave === undefined) break;
      // Its key may have got a siding while it waited.
      const isElsewhere = await this.#isElsewhere(hold);
      if (!isElsewhere && (this.#isSound() || this.#stopped)) return () => this.#ended(hold, leave);
      // Something may have come into doubt, perhaps a message of its key that is to go first: it waits anew.
      leave();
      if (isElsewhere) break;
    }
    this.#held.delete(hold);
    return undefined;
  }

  /** Opens, runs and closes sidings as is needed; to be called every now and then. */
  async tend(tending: Tending): Promise<void> {
    if (this.#stopped || this.#isLeaving) return;
    if (this.#isSound()) return this.#sidings.tend(this.#held, tending);
    const every = this.#sidings.areThere ? glanceEvery.whenSeen : glanceEvery.usually;
    if (this.#looking || this.#tended++ % every !== 0) return;
    if ((await this.#sidings.areOrphaned()) && !this.#looking) await this.#look(true);
  }

  /** Waits for the turn of a message that came out of a siding; undefined when it must not begin here. */
  async sidingTurn(hold: Hold): Promise<(() => void) | undefined> {
    return !this.#stopped && (await this.#sidings.mayBegin()) && !hold.isLost ? () => {} : undefined;
  }

  /** Lets go of a message that waits in a siding, or was handled there. */
  async #isElsewhere(hold: Hold): Promise<boolean> {
    if (this.#stopped || !this.#sidings.knows(hold.message)) return false;
    const isElsewhere = await this.#sidings.takes(hold).catch((thrown: unknown) => {
      // A siding that cannot be made takes nothing, and the message has its turn here. But one that is only out of reach may hold
      // earlier ones.
      if (MeshError.from(thrown).code === "BROKER_UNAVAILABLE") this.doubt();
      return false;
    });
    if (isElsewhere) hold.letGo();
    return isElsewhere;
  }

  /** Something may be in other hands: begins nothing new until that is known not to be so. */
  doubt(): void {
    this.#isSure = false;
    this.#doubts++;
  }

  /** Lets everybody in, who then finds the host draining. */
  stop(): void {
    this.#stopped = true;
    void this.#sidings.leave();
    this.#letIn();
  }

  /** Leaves the partition to another instance, when there is nothing in hand any more. */
  async giveAway(pull: Pull): Promise<void> {
    this.#isLeaving = true;
    // Its sidings stay known: what the broker had sent of their keys may still come in, and waits there.
    await pull.pause();
    while (this.size > 0 && !this.#stopped) await delay(lookAgainMs);
    if (!this.#stopped) await this.leave();
    await delay(stayAwayMs, undefined, { ref: false });
    this.#isLeaving = false;
    if (!this.#stopped) pull.resume();
  }

  /** Gives the pin away, if it is here. */
  async leave(): Promise<void> {
    // Without its sidings it would begin what is to wait there.
    this.doubt();
    await this.#sidings.leave();
    if (this.pin.id === undefined) return;
    this.pin.lost();
    // When the broker does not hear it, the pin falls to somebody else by itself.
    await unpin(this.#broker, this.#durable).catch(() => {});
  }

  /** Its next owner begins nothing before it has what waits here. */
  #lost(): void {
    void this.#sidings.leave();
    for (const hold of this.#held) hold.handBack();
    this.#letIn();
  }

  /** Whether nothing may be in other hands. What was lost here without anybody's notice may be. */
  #isSound(): boolean {
    for (const hold of this.#held) hold.isLost;
    return this.#isSure;
  }

  /** Gives the turn of a message on, which is settled, or goes back to the broker: then its successors wait until it is here again. */
  #ended(hold: Hold, leave: () => void): void {
    if (!hold.isSettled) this.doubt();
    this.#held.delete(hold);
    leave();
  }

  #entered(sequence: number, signal: AbortSignal): Promise<boolean> {
    if (this.#isSure || this.#stopped) return Promise.resolve(!signal.aborted);
    const queue = this.#entrants.get(sequence) ?? new Set();
    this.#entrants.set(sequence, queue);
    const entered = waitIn(queue, signal);
    if (!this.#looking) void underWay(this.#broker, this.#durable.name, this.#look());
    return entered;
  }

  /** Looks until it is sure, as long as somebody waits for that; else once. */
  async #look(once = false): Promise<void> {
    this.#looking = true;
    using proof = new UnsettledProof(this.#broker, this.#durable);
    while ((once || this.#entrants.size > 0) && !this.#stopped) {
      const doubts = this.#doubts;
      if ((await this.#isAllHere(proof)) && (await this.#found()) && doubts === this.#doubts) {
        this.#isSure = true;
        this.#letIn();
        break;
      }
      if (once && this.#entrants.size === 0) break;
      await delay(lookAgainMs, undefined, { ref: false });
    }
    this.#looking = false;
  }

  async #found(): Promise<boolean> {
    try {
      await this.#sidings.find();
      this.#trouble = undefined;
      return true;
    } catch (thrown) {
      const { code, message } = MeshError.from(thrown);
      // Who claims them at the same time is as good an owner: that passes.
      if (code !== "CONFLICT" && code !== this.#trouble) {
        logger.warn({ consumer: this.#durable.name, code }, `nothing begins until its sidings are known: ${message}`);
      }
      this.#trouble = code;
      return false;
    }
  }

  async #isAllHere(proof: UnsettledProof): Promise<boolean> {
    try {
      const progress = await durableProgress(this.#broker, this.#durable);
      const proven = await proof.of(toProve(progress, this.#held));
      const isHere = isAllHere(progress, this.#held, proven);
      // The broker says so by itself only when it has something to deliver; the owner may be waiting for what is here.
      if (!isHere && progress.pin !== this.pin.id) this.pin.lost();
      return isHere;
    } catch {
      // The broker is away; as long as it does not say so, nothing is sure.
      return false;
    }
  }

  /** In the order in which they were stored, whatever the order of their coming. */
  #letIn(): void {
    const inOrder = [...this.#entrants].toSorted(([a], [b]) => a - b);
    this.#entrants.clear();
    for (const [, queue] of inOrder) for (const enter of [...queue]) enter();
  }
}
