// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import { isAllHere, type Progress, toProve } from "./all-here.ts";

/** What may happen next, in any order; `pick` chooses among those messages that it may happen to. */
const steps = fc.array(
  fc.record({
    what: fc.constantFrom(
      "store and deliver",
      "arrive",
      "end here",
      "acknowledge late",
      "run out",
      "lose here",
      "look",
      "hear the answer",
      "prove",
    ),
    pick: fc.nat(20),
  }),
  { minLength: 30, maxLength: 120 },
);

interface Delivery {
  readonly sequence: number;
  readonly count: number;
}

/** A message in the hands of B. */
interface Hand {
  readonly message: { readonly sequence: number; readonly deliveryCount: number };
  isLost: boolean;
  isSettled: boolean;
}

/**
 * A broker, a former owner A that may stand still, wake up and acknowledge what it had at any time, and a new owner B that has the
 * pin. Deliveries and answers are on their way for as long as it pleases.
 */
class Model {
  /** Unsettled at the broker: how often each was delivered, and who had it last. */
  readonly #unsettled = new Map<number, { count: number; by: "A" | "B" }>();
  readonly #onItsWay: Delivery[] = [];
  readonly #held: Hand[] = [];
  /** Whatever A ever had: it may acknowledge it once more. */
  readonly #hadByA: number[] = [];
  #delivered = 0;
  #look: { readonly progress: Progress; readonly proven: Set<number> } | undefined;
  /** Times that B was sure although a message was in A's hands alone. */
  wrong = 0;
  sure = 0;

  constructor(before: number) {
    for (let n = 0; n < before; n++) {
      const sequence = ++this.#delivered;
      this.#unsettled.set(sequence, { count: 1, by: "A" });
      this.#hadByA.push(sequence);
    }
  }

  step({ what, pick }: { readonly what: string; readonly pick: number }): void {
    const one = <T>(of: readonly T[]): T | undefined => of[pick % Math.max(1, of.length)];
    if (what === "store and deliver") this.#deliver(++this.#delivered);
    if (what === "arrive") this.#arrive(pick);
    if (what === "end here") this.#end(one(this.#held.filter(({ isSettled }) => !isSettled)));
    if (what === "acknowledge late") this.#unsettled.delete(one(this.#hadByA) ?? 0);
    if (what === "run out") this.#runOut(one([...this.#unsettled].filter(([, { by }]) => by === "A")));
    if (what === "lose here") this.#lose(one(this.#held.filter(({ isLost }) => !isLost)));
    if (what === "look") this.#ask();
    if (what === "prove") this.#prove();
    if (what === "hear the answer") this.#hear();
  }

  /** A is gone for good, and everything arrives; then one more look, with messages coming in meanwhile. */
  settle(): void {
    for (const [sequence, { by }] of this.#unsettled) if (by === "A") this.#deliver(sequence);
    while (this.#onItsWay.length > 0) this.#arrive(0);
    this.#ask();
    this.#deliver(++this.#delivered);
    this.#prove();
    this.#deliver(++this.#delivered);
    this.#arrive(0);
    this.sure = 0;
    this.#hear();
  }

  #deliver(sequence: number): void {
    const count = (this.#unsettled.get(sequence)?.count ?? 0) + 1;
    this.#unsettled.set(sequence, { count, by: "B" });
    this.#onItsWay.push({ sequence, count });
  }

  #arrive(pick: number): void {
    const [next] = this.#onItsWay.splice(pick % Math.max(1, this.#onItsWay.length), 1);
    if (next === undefined) return;
    const before = this.#held.find(({ message }) => message.sequence === next.sequence);
    // What is in hand already is not taken twice.
    if (before !== undefined && !before.isLost) return;
    if (before !== undefined) this.#held.splice(this.#held.indexOf(before), 1);
    const message = { sequence: next.sequence, deliveryCount: next.count };
    this.#held.push({ message, isLost: false, isSettled: false });
  }

  #end(hold: Hand | undefined): void {
    if (hold === undefined) return;
    hold.isSettled = true;
    this.#unsettled.delete(hold.message.sequence);
  }

  #runOut(found: readonly [number, unknown] | undefined): void {
    if (found !== undefined) this.#deliver(found[0]);
  }

  /** B stood still: the broker delivers it again, and B knows that it may be in other hands. */
  #lose(hold: Hand | undefined): void {
    if (hold === undefined || hold.isSettled) return;
    hold.isLost = true;
    this.#look = undefined;
    if (this.#unsettled.has(hold.message.sequence)) this.#deliver(hold.message.sequence);
  }

  #ask(): void {
    const progress = { unsettled: this.#unsettled.size, delivered: this.#delivered };
    this.#look = { progress, proven: new Set() };
  }

  /** The broker's answer has come, B asks for proof, and the broker tells of what is unsettled now. */
  #prove(): void {
    if (this.#look === undefined) return;
    const { progress, proven } = this.#look;
    for (const { sequence } of toProve(progress, this.#held)) if (this.#unsettled.has(sequence)) proven.add(sequence);
  }

  #hear(): void {
    if (this.#look === undefined || !isAllHere(this.#look.progress, this.#held, this.#look.proven)) return;
    this.sure++;
    if ([...this.#unsettled.values()].some(({ by }) => by === "A")) this.wrong++;
    this.#look = undefined;
  }
}

test("whatever is delivered, ends, runs out and is acknowledged late meanwhile, nothing is taken to be here that is in other hands", () => {
  let sure = 0;
  fc.assert(
    fc.property(fc.nat(6), steps, (before, all) => {
      const model = new Model(before);
      for (const step of all) model.step(step);
      sure += model.sure;
      expect(model.wrong).toBe(0);
    }),
    { numRuns: 3_000 },
  );
  // Else it would say nothing.
  expect(sure).toBeGreaterThan(300);
});

test("when all has come here it is seen at the first look, though more comes in all the time", () => {
  fc.assert(
    fc.property(fc.nat(6), steps, (before, all) => {
      const model = new Model(before);
      for (const step of all) model.step(step);
      model.settle();
      expect(model.sure).toBe(1);
    }),
    { numRuns: 1_000 },
  );
});
