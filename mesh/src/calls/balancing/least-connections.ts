// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Balancer } from "./balancer.ts";
import { roundRobin } from "./round-robin.ts";

/** Fewest calls in flight from this process; among equals in turn. */
export function leastConnections(): Balancer {
  const inTurn = roundRobin();
  return (candidates) => [...inTurn(candidates)].sort((a, b) => a.load.inFlight - b.load.inFlight);
}
