// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Agent, defineAgent, type Host, type HostOptions, host } from "@parley/mesh";
import type { Contracts } from "@parley/mesh/contracts";
import { operatorAgent } from "@parley/mesh/operator";

/**
 * A host of these agents, of the operator's, which looks into the mesh by this very host, and of the gateway's.
 *
 * @param contracts of all agents of the mesh, wherever they run
 */
export async function operatorHost({ agents, ...options }: HostOptions, contracts: Contracts): Promise<Host> {
  const permissions = permissionsIn(contracts);
  const operator = operatorAgent({ permissions });
  const hosted = await host({ ...options, agents: [operator.agent, gatewayAgent(permissions), ...agents] });
  operator.attach(hosted);
  return hosted;
}

/**
 * In whose name calls from outside are made. Callers there have no identity of their own yet: whoever reaches this machine's
 * loopback may do what the door they came by offers, so it holds every permission; so does the operator's agent, which
 * dispatches for them.
 */
function gatewayAgent(permissions: readonly string[]): Agent {
  return defineAgent({ name: "gateway", description: "Speaks for callers from outside.", role: "SYSTEM", permissions });
}

/** Every permission that some method asks for. */
function permissionsIn(contracts: Contracts): readonly string[] {
  const methods = contracts.services.flatMap((service) => service.methods.map((desc) => contracts.method(desc)));
  const permissions = new Set(methods.map(({ permission }) => permission));
  return [...permissions].filter((permission) => permission !== "*");
}
