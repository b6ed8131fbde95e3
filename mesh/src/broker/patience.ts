// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { MeshError } from "../mesh-error.ts";
import { brokerError } from "./broker-error.ts";

/** Longer than the loss of a leader takes (measured: up to eight seconds, and as much again when two are lost). */
const patienceMs = 20_000;
const pauseMs = 200;

/**
 * Repeats something that may be repeated while the broker cannot be reached or has no leader.
 *
 * @throws MeshError BROKER_UNAVAILABLE after twenty seconds; any other error at once.
 */
export async function patiently<T>(what: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      const error = brokerError(thrown, what);
      if (error.code !== "BROKER_UNAVAILABLE" || Date.now() > deadline) throw error;
      await delay(pauseMs);
    }
  }
}

/** Whether an error is the broker's silence. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof MeshError && error.code === "BROKER_UNAVAILABLE";
}
