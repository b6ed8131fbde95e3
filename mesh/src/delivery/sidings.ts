// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import type { Durable } from "../broker/durable.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { keyTokenIn } from "../broker/read-subject.ts";
import type { Hold } from "./hold.ts";
import { Siding } from "./siding.ts";

/** Messages of a key that stay in the partition when the others go to a siding. */
const keptOfKey = 8;
/** Real milliseconds that the first message of a key has been in hand when the key is taken for stuck. */
const stuckMs = 2_000;

/** The sidings of one partition. */
export class Sidings {
  readonly #broker: Broker;
  readonly #partition: Durable;
  readonly #open = new Map<string, Siding>();
  /** Of keys whose siding has closed, the last message that was handled in it. */
  readonly #handled = new Map<string, number>();
  #seen = 0;

  constructor(broker: Broker, partition: Durable) {
    this.#broker = broker;
    this.#partition = partition;
  }

  /** Finds those that others have opened, when the partition comes here. */
  async find(): Promise<void> {
    await this.leave();
    for (const siding of await Siding.known(this.#broker, this.#partition)) this.#open.set(siding.key, siding);
  }

  /** Takes out no more of any; to be called when the partition is somebody else's. */
  async leave(): Promise<void> {
    const all = [...this.#open.values()];
    this.#open.clear();
    this.#handled.clear();
    this.#seen = 0;
    await Promise.all(all.map((siding) => siding.stop()));
  }

  /** The partition was given a message. */
  see(sequence: number): void {
    this.#seen = Math.max(this.#seen, sequence);
  }

  /** Whether there is, or was, a siding for a message's key: {@link takes} is to be asked. */
  knows({ subject }: PulledMessage): boolean {
    const key = keyTokenIn(subject);
    return this.#open.has(key) || this.#handled.has(key);
  }

  /** Whether a message is none of the partition's: it waits in a siding, or was handled in one. Asked before each turn. */
  async takes({ sequence, subject }: PulledMessage): Promise<boolean> {
    const key = keyTokenIn(subject);
    for (let siding = this.#open.get(key); siding !== undefined && sequence >= siding.from; ) {
      await siding.ready();
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
    if (stuck !== undefined && !this.#open.has(keyOf(stuck[0]))) this.#begin(stuck);
    for (const [key, siding] of this.#open) {
      const isBefore = (hold: Hold) => keyOf(hold) === key && hold.message.sequence < siding.from;
      if ([...held].some(isBefore)) continue;
      if (!siding.isRunning) {
        siding.run(run);
        continue;
      }
      const handled = await siding.close(() => this.#seen);
      if (handled === undefined) continue;
      this.#handled.set(key, handled);
      this.#open.delete(key);
    }
  }

  #begin(holds: readonly [Hold, ...Hold[]]): void {
    const [first] = holds.slice(keptOfKey);
    if (first === undefined) return;
    const siding = Siding.open(this.#broker, this.#partition, { key: keyOf(first), from: first.message.sequence });
    this.#open.set(siding.key, siding);
    const letGo = () => {
      for (const hold of holds.slice(keptOfKey)) hold.letGo();
    };
    // Without it the partition goes on as it was, and it is tried again.
    siding.ready().then(letGo, () => this.#open.delete(siding.key));
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

function keyOf({ message }: Hold): string {
  return keyTokenIn(message.subject);
}
