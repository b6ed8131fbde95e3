// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Contracts } from "@parley/mesh/contracts";
import { loadAgent } from "./modules.ts";
import type { Project } from "./project.ts";

/** The contracts that a project's agents serve, hear and publish, without starting them. */
export async function projectContracts({ agents: modules }: Project): Promise<Contracts> {
  const agents = await Promise.all(modules.map(loadAgent));
  return Contracts.of({
    services: agents.flatMap(({ serves }) => serves.map(({ service }) => service)),
    events: agents.flatMap(({ hears, publishes }) => [...hears.map(({ event }) => event), ...publishes]),
  });
}
