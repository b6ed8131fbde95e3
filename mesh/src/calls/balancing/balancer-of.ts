// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Balancing } from "../../contracts/policy.ts";
import type { Balancer, BalancerInit } from "./balancer.ts";
import { leastConnections } from "./least-connections.ts";
import { responseTime } from "./response-time.ts";
import { roundRobin } from "./round-robin.ts";
import { weightedRoundRobin } from "./weighted-round-robin.ts";

/** The strategy that a contract asks for. */
export function balancerOf(strategy: Balancing, init: BalancerInit): Balancer {
  switch (strategy) {
    case "ROUND_ROBIN":
      return roundRobin();
    case "WEIGHTED_ROUND_ROBIN":
      return weightedRoundRobin();
    case "LEAST_CONNECTIONS":
      return leastConnections();
    case "RESPONSE_TIME":
      return responseTime(init);
  }
}
