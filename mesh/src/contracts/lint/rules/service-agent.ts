// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { isAgentName } from "../../agent-name.ts";
import { servicePolicyOf } from "../../method-contract.ts";
import type { Rule } from "../rule.ts";

/** Every service says which agent serves it, by a name that an agent can have: no other may register it. */
export const serviceAgent: Rule = {
  name: "service-agent",
  *check({ services }) {
    for (const service of services) {
      const agent = servicePolicyOf(service)?.agent ?? "";
      if (isAgentName(agent)) continue;
      const domain = service.file.proto.package.split(".").filter((part) => !/^v\d/.test(part));
      const role = service.name.replace(/(Agent)?Service$/, "").toLowerCase();
      yield {
        element: service,
        wrong: agent
          ? `${JSON.stringify(agent)}, the agent of service "${service.name}", is no agent name: those are dotted lower case`
          : `service "${service.name}" names no agent`,
        write: `option (parley.mesh.v1.service) = { agent: "${[...new Set([...domain.slice(-1), role])].join(".")}" };`,
      };
    }
  },
};
