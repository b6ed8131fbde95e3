// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescService } from "@bufbuild/protobuf";
import type { BreakerPolicy } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import { servicePolicyOf } from "../../method-contract.ts";
import { isPositive } from "../positive.ts";
import type { Problem, Rule } from "../rule.ts";

/** A breaker can both open and close again. */
export const breakerLimits: Rule = {
  name: "breaker-limits",
  *check(contracts) {
    for (const { element, setting, policy } of [...contracts.methodPolicies(), ...contracts.eventPolicies()]) {
      if (policy.breaker === undefined) continue;
      for (const found of badBreakerLimits(policy.breaker)) {
        yield { element, setting: [...setting, "breaker", found.setting], wrong: found.wrong, write: found.write };
      }
    }
    for (const service of contracts.services) yield* badOutsideLimits(service);
  },
};

function* badOutsideLimits(service: DescService): Iterable<Problem> {
  for (const [index, { breaker }] of (servicePolicyOf(service)?.outside ?? []).entries()) {
    if (breaker === undefined) continue;
    for (const found of badBreakerLimits(breaker)) {
      yield {
        element: service,
        setting: ["outside", index, "breaker", found.setting],
        wrong: found.wrong,
        write: found.write,
      };
    }
  }
}

/** A limit that cannot be. */
export interface BadLimit {
  readonly setting: string;
  readonly wrong: string;
  readonly write: string;
}

/** What keeps a breaker from opening or from closing again. */
export function* badBreakerLimits({
  failureRate,
  window,
  openFor,
  minimumCalls,
  halfOpenProbes,
}: BreakerPolicy): Iterable<BadLimit> {
  if (failureRate !== undefined && !(failureRate > 0 && failureRate <= 1)) {
    yield {
      setting: "failureRate",
      wrong: `failure_rate ${failureRate} is not a share`,
      write: "above 0 to 1, e.g. 0.5",
    };
  }
  if (window !== undefined && !isPositive(window)) {
    yield { setting: "window", wrong: "window is not positive", write: "{seconds: 60} or leave it out" };
  }
  if (openFor !== undefined && !isPositive(openFor)) {
    yield { setting: "openFor", wrong: "open_for is not positive", write: "{seconds: 60} or leave it out" };
  }
  if (minimumCalls === 0) yield { setting: "minimumCalls", wrong: "minimum_calls is 0", write: "1 or more" };
  if (halfOpenProbes === 0) {
    yield { setting: "halfOpenProbes", wrong: "half_open_probes is 0: it would never close", write: "1 or more" };
  }
}
