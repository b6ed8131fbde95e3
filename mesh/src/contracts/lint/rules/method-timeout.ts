// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Rule } from "../rule.ts";

/** Every method has a timeout at some level: nobody waits for ever. */
export const methodTimeout: Rule = {
  name: "method-timeout",
  *check(contracts) {
    for (const method of contracts.methods) {
      if (contracts.levelsOf(method).some(({ policy }) => policy.timeout !== undefined)) continue;
      yield {
        element: method,
        wrong: `"${method.name}" has a timeout at no level`,
        write: "option (parley.mesh.v1.method) = { timeout: {seconds: 30} };",
      };
    }
  },
};
