// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Level } from "../linted-contracts.ts";
import type { Problem, Rule } from "../rule.ts";

/** Permissions are written one way, so that a grant and a contract can be compared by eye. */
export const permissionName: Rule = {
  name: "permission-name",
  *check(contracts) {
    for (const level of contracts.methodPolicies()) {
      yield* misnamed(level, "permission", level.policy.permission);
    }
    for (const level of contracts.eventPolicies()) {
      yield* misnamed(level, "publishPermission", level.policy.publishPermission);
      yield* misnamed(level, "hearPermission", level.policy.hearPermission);
    }
  },
};

function* misnamed(
  { element, setting }: Level<unknown>,
  name: string,
  permission: string | undefined,
): Iterable<Problem> {
  if (permission === undefined || permission === "*" || /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(permission)) return;
  yield {
    element,
    setting: [...setting, name],
    wrong: `"${permission}" is no name of a permission`,
    write: `SCREAMING_SNAKE like "SEND_SMS", or "*" for any caller`,
  };
}
