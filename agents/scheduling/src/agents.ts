// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Agent } from "@parley/mesh";
import { providerAgent } from "./provider-agent.ts";
import { schedulingAgent } from "./scheduling-agent.ts";
import { userAgent } from "./user-agent.ts";

/** All agents of the group. */
export function agents(): readonly Agent[] {
  return [userAgent(), schedulingAgent(), providerAgent()];
}
