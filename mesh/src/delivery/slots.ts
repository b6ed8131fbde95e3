// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Lane, lanes } from "../broker/lane.ts";

/** How places are shared out. */
export interface SlotsOptions {
  /** Default: true. False where all that comes is in one lane. */
  readonly reserve?: boolean | undefined;
  /** Called when a place fell free that nobody waited for. */
  readonly onFree?: (() => void) | undefined;
}

/**
 * Places for handlers that run at once, an eighth of them reserved for each lane and the rest for whoever needs them: a flood
 * in one lane leaves the places of the others free. A place that falls free goes to the most urgent lane that waits, within a
 * lane in the order of asking. Of fewer than eight places none is reserved.
 */
export class Slots {
  readonly #reserves: boolean;
  #reserved: Readonly<Record<Lane, number>> = { critical: 0, high: 0, medium: 0, low: 0 };
  #shared = 0;
  readonly #used: Record<Lane, number> = { critical: 0, high: 0, medium: 0, low: 0 };
  readonly #waiting: Readonly<Record<Lane, (() => void)[]>> = { critical: [], high: [], medium: [], low: [] };
  readonly #onFree: (() => void) | undefined;

  constructor(total: number, { reserve = true, onFree }: SlotsOptions = {}) {
    this.#reserves = reserve;
    this.#onFree = onFree;
    this.#share(total);
  }

  /** Has so many places from now on: who waits comes in where there are more, who has one keeps it where there are fewer. */
  resize(total: number): void {
    this.#share(total);
    while (this.#admitNext());
    this.#onFree?.();
  }

  /** Places that a lane could take now. */
  free(lane: Lane): number {
    if (this.#waiting[lane].length > 0) return 0;
    return Math.max(0, this.#reserved[lane] - this.#used[lane]) + this.#freeOfShared();
  }

  /** Waits for a place and takes it. Returns a function that gives it back, once however often it is called. */
  async take(lane: Lane): Promise<() => void> {
    if (this.free(lane) > 0) this.#used[lane]++;
    else await new Promise<void>((enter) => this.#waiting[lane].push(enter));
    let taken = true;
    return () => {
      if (taken) this.#giveBack(lane);
      taken = false;
    };
  }

  #share(total: number): void {
    const eighth = this.#reserves ? Math.floor(total / 8) : 0;
    this.#reserved = { critical: eighth, high: eighth, medium: eighth, low: eighth };
    this.#shared = total - lanes.length * eighth;
  }

  #giveBack(lane: Lane): void {
    this.#used[lane]--;
    if (!this.#admitNext()) this.#onFree?.();
  }

  /** Lets the most urgent one in that waits and may; false when there is none. */
  #admitNext(): boolean {
    for (const each of lanes) {
      const next = this.#mayEnter(each) ? this.#waiting[each].shift() : undefined;
      if (next === undefined) continue;
      // Taken here, not where the waiting one goes on: nobody who asks meanwhile can have it.
      this.#used[each]++;
      next();
      return true;
    }
    return false;
  }

  #mayEnter(lane: Lane): boolean {
    return this.#used[lane] < this.#reserved[lane] || this.#freeOfShared() > 0;
  }

  #freeOfShared(): number {
    return lanes.reduce((rest, lane) => rest - Math.max(0, this.#used[lane] - this.#reserved[lane]), this.#shared);
  }
}
