// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "./connection.ts";
import { ackWaitMs } from "./durable.ts";

/** A process that stood still for this long may have lost what the broker had sent it. */
const stalledMs = ackWaitMs - 1_000;

/**
 * Notices that a process stood still, by a handler that computes for long or by a signal: what comes in then had been sent to
 * it before, and may be with another instance by now.
 */
export class StandStill {
  readonly #broker: Broker;
  #lastLook = performance.now();
  #isStale = false;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** To be called regularly, and for each message. True from the end of a standstill until all that was sent before is in. */
  look(): boolean {
    const now = performance.now();
    const gapMs = now - this.#lastLook;
    this.#lastLook = now;
    if (gapMs > stalledMs && !this.#isStale) {
      this.#isStale = true;
      const fresh = () => {
        this.#isStale = false;
      };
      // The broker answers after what it had sent before.
      void this.#broker.connection.flush().then(fresh, fresh);
    }
    return this.#isStale;
  }
}
