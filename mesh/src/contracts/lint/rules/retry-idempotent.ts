// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { ErrorClass } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import type { MethodPolicy } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import type { LintedContracts } from "../linted-contracts.ts";
import type { Rule } from "../rule.ts";

/**
 * A service or method that asks for retries of calls that may have run must be idempotent. The mesh's own schedules are
 * left alone: they reach only calls that have surely not run, unless the method is idempotent.
 */
export const retryIdempotent: Rule = {
  name: "retry-idempotent",
  *check(contracts) {
    for (const method of contracts.methods) {
      const levels = contracts.levelsOf(method);
      const level = levels.find(({ policy }) => policy.retry !== undefined || policy.retryByClass.length > 0);
      if (level === undefined || level.element.kind === "file" || isIdempotent(contracts, method)) continue;
      const setting = settingThatRepeats(level.policy);
      if (setting === undefined) continue;
      yield {
        element: level.element,
        setting: [...level.setting, ...setting],
        wrong: `"${method.name}" would be retried though a repeat may do harm`,
        write: "option idempotency_level = IDEMPOTENT; or an idempotency_key, or an own retry: {} that means never",
      };
    }
  },
};

function isIdempotent(contracts: LintedContracts, method: DescMethod): boolean {
  if (method.idempotency !== IdempotencyLevel.IDEMPOTENCY_UNKNOWN) return true;
  return contracts.levelsOf(method).some(({ policy }) => policy.idempotencyKey !== undefined);
}

/** Classes whose errors may come after the handler has begun. */
const mayHaveRun: ReadonlySet<ErrorClass> = new Set([ErrorClass.TIMEOUT, ErrorClass.INTERNAL]);

function settingThatRepeats({ retry, retryByClass }: MethodPolicy): readonly (string | number)[] | undefined {
  if (retry !== undefined && retry.delays.length > 0) return ["retry"];
  const index = retryByClass.findIndex((one) => mayHaveRun.has(one.errorClass) && (one.retry?.delays.length ?? 0) > 0);
  return index === -1 ? undefined : ["retryByClass", index];
}
