// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { durationMs } from "@bufbuild/protobuf/wkt";
import type { PolicyOverlay } from "@parley/contracts/parley/mesh/v1/overlay_pb.js";
import type { MethodContract } from "./policy.ts";
import { breakerPlan, retryPlans } from "./precedence.ts";

/** The contract of a method as it holds under an overlay; what the overlay does not set stays. */
export function overlaidContract(contract: MethodContract, overlay: PolicyOverlay): MethodContract {
  const timeoutMs = overlay.timeout === undefined ? contract.timeoutMs : durationMs(overlay.timeout);
  // A total that only followed the timeout goes on to do so; none is shorter than one attempt.
  const follows = contract.totalTimeoutMs === contract.timeoutMs;
  return Object.freeze<MethodContract>({
    ...contract,
    timeoutMs,
    totalTimeoutMs: follows ? timeoutMs : Math.max(contract.totalTimeoutMs, timeoutMs),
    retries: overlay.retry === undefined ? contract.retries : retryPlans([{ retry: overlay.retry, retryByClass: [] }]),
    breaker: overlay.breaker === undefined ? contract.breaker : breakerPlan(overlay.breaker),
    maxConcurrency: overlay.maxConcurrency ?? contract.maxConcurrency,
  });
}
