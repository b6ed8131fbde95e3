// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { getOption, hasOption } from "@bufbuild/protobuf";
import { field as fieldOption } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import { fieldsOf } from "../../field-path.ts";
import type { Rule } from "../rule.ts";
import { pathHint, whyNowhere } from "./field-paths.ts";

/** Every event has a key that its subjects can show: order and partitions go by it. */
export const eventKey: Rule = {
  name: "event-key",
  *check({ events }) {
    for (const { desc, policy } of events) {
      const at = { element: desc, setting: ["key"] };
      if (policy.key === "") {
        yield { ...at, wrong: `event "${desc.name}" has no key`, write: `key: ${pathHint}` };
        continue;
      }
      const wrong = whyNowhere(desc, policy.key);
      if (wrong !== undefined) {
        yield { ...at, wrong, write: pathHint };
        continue;
      }
      const sealed = fieldsOf(desc, policy.key).find(
        (one) => hasOption(one, fieldOption) && getOption(one, fieldOption).sealed,
      );
      if (sealed !== undefined) {
        yield {
          ...at,
          wrong: `key "${policy.key}" is sealed, but subjects show keys to everyone on the broker`,
          write: "the path of an id that says nothing about a person",
        };
      }
    }
  },
};
