// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ackWaitMs } from "../broker/pull-consumer.ts";

/** Messages that wait in memory for a place, at most and before anything is known. */
const most = 16;
const first = 4;

/** How long the handlers of a hearer take, and so how many messages are worth having here before there is a place for them. */
export class Pace {
  #meanMs: number | undefined;

  /** A handler has run for so long, in real milliseconds. */
  ran(tookMs: number): void {
    this.#meanMs = this.#meanMs === undefined ? tookMs : this.#meanMs * 0.8 + tookMs * 0.2;
  }

  /** Messages to have in advance: as many as one place handles in half of the time that the broker waits for one; at least 1. */
  get ahead(): number {
    if (this.#meanMs === undefined) return first;
    return Math.max(1, Math.min(most, Math.floor(ackWaitMs / 2 / Math.max(1, this.#meanMs))));
  }
}
