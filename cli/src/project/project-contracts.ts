// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Agent } from "@parley/mesh";
import { Contracts } from "@parley/mesh/contracts";
import { loadAgent } from "./modules.ts";
import type { Project } from "./project.ts";

/** The contracts that a project's agents serve, hear and publish, without starting them. */
export async function projectContracts({ agents }: Project): Promise<Contracts> {
  return contractsOf(await Promise.all(agents.map(loadAgent)));
}

/** The contracts that agents serve, hear and publish. */
export function contractsOf(agents: readonly Agent[]): Contracts {
  return Contracts.of({
    services: agents.flatMap(({ serves }) => serves.map(({ service }) => service)),
    events: agents.flatMap(({ hears, publishes }) => [...hears.map(({ event }) => event), ...publishes]),
  });
}
