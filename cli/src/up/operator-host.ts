// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Host, type HostOptions, host } from "@parley/mesh";
import { operatorAgent } from "@parley/mesh/operator";

/** A host of these agents and of the operator's, which looks into the mesh by this very host. */
export async function operatorHost({ agents, ...options }: HostOptions): Promise<Host> {
  const operator = operatorAgent();
  const hosted = await host({ ...options, agents: [operator.agent, ...agents] });
  operator.attach(hosted);
  return hosted;
}
