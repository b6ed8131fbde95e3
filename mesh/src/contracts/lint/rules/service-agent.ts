// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { servicePolicyOf } from "../../method-contract.ts";
import type { Rule } from "../rule.ts";

/** Every service says which agent serves it: no other may register it. */
export const serviceAgent: Rule = {
  name: "service-agent",
  *check({ services }) {
    for (const service of services) {
      if (servicePolicyOf(service)?.agent) continue;
      const domain = service.file.proto.package.split(".").filter((part) => !/^v\d/.test(part));
      const role = service.name.replace(/(Agent)?Service$/, "").toLowerCase();
      yield {
        element: service,
        wrong: `service "${service.name}" names no agent`,
        write: `option (parley.mesh.v1.service) = { agent: "${[...new Set([...domain.slice(-1), role])].join(".")}" };`,
      };
    }
  },
};
