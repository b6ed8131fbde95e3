// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Overlays } from "../overlay/overlays.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Step } from "./step.ts";

/**
 * Sends a call under the contract that holds now: all later steps see that alone. Whoever gave it less time than the contract
 * would have had keeps it so; all others get the time that holds now.
 */
export function overlaid(overlays: Pick<Overlays, "of">): Step<Outgoing> {
  return (outgoing, next) => {
    const { contract, timeoutMs } = outgoing;
    const now = overlays.of(contract);
    if (now === contract) return next(outgoing);
    const givenMs = timeoutMs === contract.totalTimeoutMs ? Number.POSITIVE_INFINITY : timeoutMs;
    return next({
      ...outgoing,
      contract: now,
      timeoutMs: Math.min(givenMs, now.totalTimeoutMs),
      remainingMs: now.timeoutMs,
    });
  };
}
