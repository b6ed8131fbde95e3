// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash, randomUUID } from "node:crypto";
import type { Broker } from "../broker/connection.ts";
import { type Durable, type DurableInfo, durablesUnder, forgetDurable } from "../broker/durable.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { keyTokenIn } from "../broker/read-subject.ts";
import type { Hold } from "./hold.ts";
import { Siding } from "./siding.ts";
import type { SidingBook, SidingPlace } from "./siding-book.ts";

/** Messages of a key that stay in the partition when the others go to a siding. */
const keptOfKey = 8;
/** Real milliseconds that the first message of a key has been in hand when the key is taken for stuck. */
const stuckMs = 2_000;
/** Real milliseconds after which who has sidings shows that it still looks after them. */
const showMs = 3_000;

/** What the sidings of a partition are made of. */
export interface SidingsInit {
  readonly broker: Broker;
  readonly partition: Durable;
  readonly book: SidingBook;
  /** The book is somebody else's now, or may be. */
  readonly onDoubt: () => void;
}

/** The sidings of one partition. */
export class Sidings {
  readonly #init: SidingsInit;
  readonly #open = new Map<string, Siding>();
  /** Of keys whose siding has closed, the last message that was handled in it. */
  readonly #handled = new Map<string, number>();
  #seen = 0;
  #shownAt = 0;
  /** The last time of which it is known that the page was this instance's then, of `performance.now()`. */
  #ownedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<boolean> | undefined;
  /** What the page of the book was numbered at the last look of an instance that does not own it. */
  #glanced: number | undefined;

  constructor(init: SidingsInit) {
    this.#init = init;
  }

  /**
   * Takes those over that there are, when the partition comes here: from now on nobody else can open, run or close one. What
   * others have left behind is removed.
   */
  async find(): Promise<void> {
    await this.leave();
    const { broker, partition, book } = this.#init;
    const durables = () => durablesUnder(broker, partition);
    const places = await book.claim(async () => (await durables()).map(placeOf));
    for (const place of places) this.#open.set(place.key, new Siding({ broker, partition, place }));
    const left = (await durables()).filter(({ name }) => !places.some((place) => place.name === name));
    await Promise.all(left.map(({ name }) => forgetDurable(broker, { stream: partition.stream, name })));
  }

  /** Takes out no more of any; to be called when the partition is somebody else's. */
  async leave(): Promise<void> {
    const all = [...this.#open.values()];
    this.#open.clear();
    this.#handled.clear();
    await Promise.all(all.map((siding) => siding.stop()));
  }

  /** The partition was given a message. */
  see(sequence: number): void {
    this.#seen = Math.max(this.#seen, sequence);
  }

  /** Whether there is, or was, a siding for a message's key: {@link takes} is to be asked. */
  knows({ subject }: Pick<PulledMessage, "subject">): boolean {
    const key = keyTokenIn(subject);
    return this.#open.has(key) || this.#handled.has(key);
  }

  /** Whether a message is none of the partition's: it waits in a siding, or was handled in one. Asked before each turn. */
  async takes({ message, ageMs }: Hold): Promise<boolean> {
    const { sequence } = message;
    const key = keyTokenIn(message.subject);
    const arrivedAt = performance.now() - ageMs;
    for (let siding = this.#open.get(key); siding !== undefined && sequence >= siding.place.from; ) {
      await siding.ready();
      // A siding that was in the book after a message was stored is not closed before it has handled it, whoever owns it then.
      if (!(await this.#isOwnSince(arrivedAt))) return false;
      const now = this.#open.get(key);
      if (now === siding) return true;
      siding = now;
    }
    const handled = this.#handled.get(key) ?? 0;
    if (sequence <= handled) return true;
    this.#handled.delete(key);
    return false;
  }

  /**
   * Opens a siding where one key has most of what is in hand and its first message has been here for long; sets those going
   * whose key has nothing left from before them, and closes empty ones.
   */
  async tend(held: ReadonlySet<Hold>, { window, run }: Tending): Promise<void> {
    const stuck = stuckKey(held, window);
    if (stuck !== undefined && !this.#open.has(keyOf(stuck[0]))) void this.#begin(stuck);
    for (const [key, siding] of this.#open) {
      const ofKey = [...held].filter((hold) => keyOf(hold) === key);
      if (ofKey.some(({ message }) => message.sequence < siding.place.from)) continue;
      if (!siding.isRunning) {
        await siding.open();
        if (this.#open.get(key) === siding) siding.run(run);
        continue;
      }
      // What was handled in it must not be in hand here any more when it is gone.
      if (ofKey.length === 0) await this.#close(key, siding);
    }
    if (this.#open.size > 0 && performance.now() - this.#shownAt > showMs) await this.mayBegin();
  }

  /** Whether at its last look an instance that does not own the partition saw sidings. */
  get areThere(): boolean {
    return this.#glanced !== undefined;
  }

  /**
   * Whether there are sidings that nobody has looked after since the last call, for who does not own the partition: where
   * nothing is stored for it, nobody gets it and runs them.
   */
  async areOrphaned(): Promise<boolean> {
    const before = this.#glanced;
    this.#glanced = await this.#init.book.revision();
    return this.#glanced !== undefined && this.#glanced === before;
  }

  /**
   * Whether a message that came out of a siding may begin. The page is written once more for each: who has stood still, or has
   * lost the partition without knowing, cannot.
   */
  async mayBegin(): Promise<boolean> {
    const now = performance.now();
    this.#shownAt = now;
    const isOwn = await this.#init.book.write().catch(() => false);
    if (isOwn) this.#ownedAt = Math.max(this.#ownedAt, now);
    else await this.#lose();
    return isOwn;
  }

  /** Whether the page was this instance's at a moment after `time`. One write tells it of all that had arrived before. */
  async #isOwnSince(time: number): Promise<boolean> {
    while (this.#ownedAt < time) {
      this.#asking ??= this.mayBegin().finally(() => {
        this.#asking = undefined;
      });
      if (!(await this.#asking)) return false;
    }
    return true;
  }

  async #begin(holds: readonly [Hold, ...Hold[]]): Promise<void> {
    const { broker, partition, book } = this.#init;
    const waiting = holds.slice(keptOfKey);
    const [first] = waiting;
    if (first === undefined) return;
    const key = keyOf(first);
    const place = { key, from: first.message.sequence, name: nameOf(partition, key) };
    const written = book
      .write((all) => [...all.filter(({ name }) => name !== place.name), place])
      .then((isWritten) => {
        if (!isWritten) throw new Error("the partition is somebody else's");
      });
    const siding = new Siding({ broker, partition, place, written });
    // From now on the key's messages wait for what becomes of it.
    this.#open.set(key, siding);
    try {
      await siding.ready();
      for (const hold of waiting) hold.letGo();
    } catch {
      // Whether it stands in the book is found when the partition is found to be this instance's once more.
      await this.#lose();
    }
  }

  async #close(key: string, siding: Siding): Promise<void> {
    const { book } = this.#init;
    const strike = async () => {
      const isStruck = await book
        .write((all) => all.filter(({ name }) => name !== siding.place.name))
        .catch(() => false);
      // It may be off the book all the same: what was let go to it then would be removed with it by the next owner.
      if (!isStruck) await this.#lose();
      return isStruck;
    };
    const handled = await siding.close(() => this.#seen, strike);
    if (handled === undefined || this.#open.get(key) !== siding) return;
    this.#handled.set(key, handled);
    this.#open.delete(key);
  }

  async #lose(): Promise<void> {
    this.#init.onDoubt();
    await this.leave();
  }
}

/** What tending needs of the partition. */
export interface Tending {
  /** Most messages that it may have in hand. */
  readonly window: number;
  readonly run: (message: PulledMessage, durable: Durable) => Promise<void>;
}

/** What is in hand of a key that is in the way of the others, in order. */
function stuckKey(held: ReadonlySet<Hold>, window: number): readonly [Hold, ...Hold[]] | undefined {
  if (held.size < (window * 3) / 4) return undefined;
  for (const [first, ...rest] of Map.groupBy(held, keyOf).values()) {
    if (first === undefined || rest.length < window / 2) continue;
    const [oldest, ...more] = [first, ...rest].sort((a, b) => a.message.sequence - b.message.sequence);
    if (oldest !== undefined && oldest.ageMs > stuckMs) return [oldest, ...more];
  }
  return undefined;
}

/** Of a siding whose page is lost. */
function placeOf({ name, config }: DurableInfo): SidingPlace {
  const [filter = config.filter_subject ?? ""] = config.filter_subjects ?? [];
  return { key: keyTokenIn(filter), from: config.opt_start_seq ?? 1, name };
}

/** Another one each time, so that who stood still while it removed or asked for one does so with none that came later. */
function nameOf({ name }: Durable, key: string): string {
  const hash = createHash("sha256").update(key).update(randomUUID()).digest("hex");
  return `${name}~${hash.slice(0, 16)}`;
}

function keyOf({ message }: Hold): string {
  return keyTokenIn(message.subject);
}
