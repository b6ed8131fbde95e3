// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { servicePolicyOf } from "../../method-contract.ts";
import type { Rule } from "../rule.ts";

/** Outside systems of a service have names, each its own: a handler asks for them by name. */
export const outsideName: Rule = {
  name: "outside-name",
  *check({ services }) {
    for (const service of services) {
      const names = (servicePolicyOf(service)?.outside ?? []).map(({ name }) => name);
      for (const [index, name] of names.entries()) {
        if (name !== "" && names.indexOf(name) === index) continue;
        yield {
          element: service,
          setting: ["outside", index, "name"],
          wrong: name === "" ? `outside system ${index + 1} has no name` : `"${name}" names two outside systems`,
          write: 'a name that is unique in the service, like "smtp"',
        };
      }
    }
  },
};
