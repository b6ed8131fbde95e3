// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescService } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { servicePolicyOf } from "./method-contract.ts";
import type { BreakerPlan } from "./policy.ts";
import { breakerPlan } from "./precedence.ts";

/** The policy of an outside system that handlers of a service use. */
export interface OutsideContract {
  /** Unique in the service, e.g. `smtp`. */
  readonly name: string;
  /** One request. Unset: only the handler's own time bounds it. */
  readonly timeoutMs: number | undefined;
  /** Unset: requests are never held back. */
  readonly breaker: BreakerPlan | undefined;
}

/** The outside systems that a service names. */
export function outsideContracts(service: DescService): readonly OutsideContract[] {
  return (servicePolicyOf(service)?.outside ?? []).map(({ name, timeout, breaker }) =>
    Object.freeze({
      name,
      timeoutMs: timeout && durationMs(timeout),
      breaker: breaker && breakerPlan(breaker),
    }),
  );
}
