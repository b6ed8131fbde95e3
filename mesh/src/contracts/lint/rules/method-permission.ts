// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Rule } from "../rule.ts";
import { screamingSnake } from "../screaming-snake.ts";

/** Every method says at some level what its caller must hold: access is never open by forgetting. */
export const methodPermission: Rule = {
  name: "method-permission",
  *check(contracts) {
    for (const method of contracts.methods) {
      if (contracts.levelsOf(method).some(({ policy }) => policy.permission !== undefined)) continue;
      yield {
        element: method,
        wrong: `"${method.name}" has a permission at no level`,
        write: `option (parley.mesh.v1.method) = { permission: "${screamingSnake(method.name)}" }; or "*" for any caller`,
      };
    }
  },
};
