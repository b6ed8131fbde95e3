// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MeshError } from "../mesh-error.ts";
import type { RetryPlans } from "../plans.ts";
import { retryDelayMs } from "../resilience/retry-schedule.ts";
import type { FailedAttempt } from "./past-attempts.ts";

/** Milliseconds until the next try; undefined: there is none. */
export function delayAfter({ error, attempt }: FailedAttempt, plans: RetryPlans, random: number): number | undefined {
  return retryDelayMs(plans, { error: foreseen(error, plans), attempt }, random);
}

/**
 * On the durable path an unforeseen failure may pass, so it is retried like a TRANSIENT one where the contract has no
 * schedule of its own for it; so are a timeout and a conflict.
 */
function foreseen(error: MeshError, plans: RetryPlans): MeshError {
  const { errorClass } = error;
  if (plans.has(errorClass)) return error;
  const mayPass = errorClass === "INTERNAL" || errorClass === "TIMEOUT" || errorClass === "CONFLICT";
  return mayPass ? error.with({ errorClass: "TRANSIENT" }) : error;
}

/** Tries of a message, at most, by its longest schedule. */
export function mostTries(plans: RetryPlans): number {
  return 1 + Math.max(0, ...[...plans.values()].map(({ delaysMs }) => delaysMs.length));
}
