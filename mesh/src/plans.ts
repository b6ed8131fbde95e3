// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ErrorClass } from "./error-codes.ts";

/** When to try again; the plain form of parley.mesh.v1.RetryPolicy. A plan always has at least one delay: never trying again is having no plan. */
export interface RetryPlan {
  /** `delaysMs[i]` stands before retry i + 1, counting all retries so far whatever their class. */
  readonly delaysMs: readonly number[];
  /** Random share added to a delay, 0 to 1. Default: 0.2. */
  readonly jitter: number;
  /** A Retry-After longer than this ends the retrying. Default: 10 minutes. */
  readonly maxRetryAfterMs: number;
}

/** The plan of each class of error; a class that is absent is never retried. */
export type RetryPlans = ReadonlyMap<ErrorClass, RetryPlan>;

/** When to stop trying for a while; the plain form of parley.mesh.v1.BreakerPolicy. */
export interface BreakerPlan {
  /** Opens at this share of failures, above 0 to 1. Default: 0.5. */
  readonly failureRate: number;
  /** Sliding time looked at. Default: 60 s. */
  readonly windowMs: number;
  /** No judgement below. Default: 10. */
  readonly minimumCalls: number;
  /** How long it stays open. Default: 60 s. */
  readonly openForMs: number;
  /** Calls let through after that; all must succeed to close, one failure opens again. Default: 3. */
  readonly halfOpenProbes: number;
}
