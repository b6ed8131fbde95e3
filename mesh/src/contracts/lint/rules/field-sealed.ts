// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Sensitivity } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import type { Rule } from "../rule.ts";

/** What would do harm is sealed, and what shall become unreadable with a person is, too. */
export const fieldSealed: Rule = {
  name: "field-sealed",
  *check({ fields }) {
    for (const { desc, policy } of fields) {
      if (policy.sealed === true) continue;
      if (policy.sensitivity === Sensitivity.SENSITIVE) {
        yield {
          element: desc,
          setting: ["sensitivity"],
          wrong: `field "${desc.name}" is SENSITIVE but not sealed`,
          write: "sealed: true beside the sensitivity",
        };
      } else if (policy.dataSubject !== undefined) {
        yield {
          element: desc,
          setting: ["dataSubject"],
          wrong: `field "${desc.name}" has a data_subject but is not sealed: erasing the person would not make it unreadable`,
          write: "sealed: true beside the data_subject",
        };
      }
    }
  },
};
