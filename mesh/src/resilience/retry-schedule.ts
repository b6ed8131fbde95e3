// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ErrorClass } from "../error-codes.ts";
import type { MeshError } from "../mesh-error.ts";

/** When to try again; the plain form of parley.mesh.v1.RetryPolicy, one per error class. */
export interface RetryPlan {
  /** `delaysMs[i]` stands before retry i + 1; n delays are at most n + 1 attempts. */
  readonly delaysMs: readonly number[];
  /** Random share added to a delay, 0 to 1. */
  readonly jitter: number;
  /** A longer Retry-After ends the retrying. */
  readonly maxRetryAfterMs: number;
}

/** The schedule for each class that is retried at all. */
export type RetryPlans = ReadonlyMap<ErrorClass, RetryPlan>;

/**
 * Milliseconds to wait before the next attempt, or undefined when there is none. All attempts count, whatever their
 * class; a Retry-After only ever lengthens a delay.
 *
 * @param attempt number of the attempt that failed, from 1
 * @param random a number from 0 to 1, for the jitter
 */
export function retryDelayMs(
  plans: RetryPlans,
  failed: { readonly error: MeshError; readonly attempt: number },
  random: number,
): number | undefined {
  const plan = plans.get(failed.error.errorClass);
  const delay = plan?.delaysMs[failed.attempt - 1];
  if (plan === undefined || delay === undefined) return undefined;
  const retryAfterMs = failed.error.retryAfterMs ?? 0;
  if (retryAfterMs > plan.maxRetryAfterMs) return undefined;
  return Math.max(delay * (1 + plan.jitter * random), retryAfterMs);
}
