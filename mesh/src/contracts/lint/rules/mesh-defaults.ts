// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Rule } from "../rule.ts";

/** One file sets the mesh defaults, or none: two would leave open which one holds. */
export const meshDefaults: Rule = {
  name: "mesh-defaults",
  *check({ defaults: [first, ...others] }) {
    for (const file of others) {
      yield {
        element: file,
        setting: ["calls"],
        wrong: `option (parley.mesh.v1.mesh) is also set by "${first?.proto.name}"`,
        write: "the option in one of the two files",
      };
    }
  },
};
