// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { answered } from "./answered.ts";
import { brokerError } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { underWay } from "./traffic.ts";

/** Longer than the loss of a leader takes (measured: up to eight seconds, and as much again when two are lost). */
const patienceMs = 20_000;
/** Pauses grow up to this: a replica that is behind has caught up within milliseconds, a leader is elected within seconds. */
const longestPauseMs = 200;

/**
 * Repeats something that may be repeated while the broker cannot be reached or has no leader.
 *
 * @throws MeshError BROKER_UNAVAILABLE after twenty seconds; any other error at once.
 */
export async function patiently<T>(broker: Broker, what: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await answered(broker, work());
    } catch (thrown) {
      const error = brokerError(thrown, what);
      if (error.code !== "BROKER_UNAVAILABLE" || Date.now() > deadline) throw error;
      await underWay(broker, what, delay(pauseMs));
    }
  }
}
