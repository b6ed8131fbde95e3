// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MeshError } from "../mesh-error.ts";
import type { RetryPlans } from "../plans.ts";

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
