// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ErrorClassSchema } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import type { ClassRetry, RetryPolicy } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import { retryableClassNames } from "../../enum-names.ts";
import type { Level } from "../linted-contracts.ts";
import { isPositive } from "../positive.ts";
import type { Problem, Rule } from "../rule.ts";

/** A schedule is one that can be kept: real delays, a share as jitter, one per class, only for what may pass by itself. */
export const retrySchedule: Rule = {
  name: "retry-schedule",
  *check(contracts) {
    for (const level of [...contracts.methodPolicies(), ...contracts.eventPolicies()]) {
      if (level.policy.retry !== undefined) yield* badSchedule(within(level, "retry"), level.policy.retry);
      yield* badClasses(level, level.policy.retryByClass);
    }
  },
};

type At = Pick<Problem, "element" | "setting">;

function within({ element, setting = [] }: At, ...steps: (string | number)[]): At {
  return { element, setting: [...setting, ...steps] };
}

function* badClasses(level: Level<unknown>, entries: readonly ClassRetry[]): Iterable<Problem> {
  for (const [index, { errorClass, retry }] of entries.entries()) {
    const entry = within(level, "retryByClass", index);
    const name = ErrorClassSchema.value[errorClass]?.name ?? String(errorClass);
    if (retryableClassNames[errorClass] === undefined) {
      yield {
        ...within(entry, "errorClass"),
        wrong: `errors of class "${name}" do not pass by themselves`,
        write: `one of ${retryableNames}`,
      };
    }
    if (entries.findIndex((other) => other.errorClass === errorClass) < index) {
      yield {
        ...within(entry, "errorClass"),
        wrong: `"${name}" already has a schedule at this level`,
        write: "each class at most once",
      };
    }
    if (retry !== undefined) yield* badSchedule(within(entry, "retry"), retry);
  }
}

const retryableNames = ErrorClassSchema.values
  .filter(({ number }) => retryableClassNames[number] !== undefined)
  .map(({ name }) => name)
  .join(", ");

function* badSchedule(at: At, { delays, jitter, maxRetryAfter }: RetryPolicy): Iterable<Problem> {
  for (const [index, delay] of delays.entries()) {
    if (isPositive(delay)) continue;
    yield {
      ...within(at, "delays", index),
      wrong: `delay ${index + 1} is not positive`,
      write: "{seconds: 1} or more",
    };
  }
  if (jitter !== undefined && !(jitter >= 0 && jitter <= 1)) {
    yield { ...within(at, "jitter"), wrong: `jitter ${jitter} is not a share`, write: "0 to 1, e.g. 0.2" };
  }
  if (maxRetryAfter !== undefined && !isPositive(maxRetryAfter)) {
    yield {
      ...within(at, "maxRetryAfter"),
      wrong: "max_retry_after is not positive",
      write: "{seconds: 600} or leave it out",
    };
  }
}
