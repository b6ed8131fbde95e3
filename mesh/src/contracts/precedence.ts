// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { durationMs } from "@bufbuild/protobuf/wkt";
import type { BreakerPolicy, ClassRetry, RetryPolicy } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import type { ErrorClass } from "../error-codes.ts";
import { retryableClassNames } from "./enum-names.ts";
import type { BreakerPlan, RetryPlan, RetryPlans } from "./policy.ts";

/** The first defined value that `read` finds, nearest level first: how every setting is looked up. */
export function nearest<Level, Value>(
  levels: readonly (Level | undefined)[],
  read: (level: Level) => Value | undefined,
): Value | undefined {
  for (const level of levels) {
    const value = level === undefined ? undefined : read(level);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The retry settings of one level. */
interface RetryLevel {
  readonly retry?: RetryPolicy | undefined;
  readonly retryByClass: readonly ClassRetry[];
}

/**
 * The plans of the nearest level that sets `retry` or `retry_by_class`; there, a class's own schedule before the general
 * one. Levels below do not count any more, not even for classes that the nearest one does not name.
 */
export function retryPlans(levels: readonly (RetryLevel | undefined)[]): RetryPlans {
  const level = nearest(levels, (one) => (one.retry !== undefined || one.retryByClass.length > 0 ? one : undefined));
  const plans = new Map<ErrorClass, RetryPlan>();
  for (const [number, name] of Object.entries(retryableClassNames)) {
    const own = level?.retryByClass.find(({ errorClass }) => errorClass === Number(number));
    const policy = own?.retry ?? level?.retry;
    if (policy !== undefined && policy.delays.length > 0) plans.set(name, retryPlan(policy));
  }
  return plans;
}

function retryPlan(policy: RetryPolicy): RetryPlan {
  return Object.freeze({
    delaysMs: Object.freeze(policy.delays.map(durationMs)),
    jitter: policy.jitter ?? 0.2,
    maxRetryAfterMs: policy.maxRetryAfter === undefined ? 600_000 : durationMs(policy.maxRetryAfter),
  });
}

/** A breaker policy with its defaults filled in. */
export function breakerPlan(policy: BreakerPolicy): BreakerPlan {
  return Object.freeze({
    failureRate: policy.failureRate ?? 0.5,
    windowMs: policy.window === undefined ? 60_000 : durationMs(policy.window),
    minimumCalls: policy.minimumCalls ?? 10,
    openForMs: policy.openFor === undefined ? 60_000 : durationMs(policy.openFor),
    halfOpenProbes: policy.halfOpenProbes ?? 3,
  });
}
