// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Contracts } from "../contracts/contracts.ts";
import { eventPolicyOf } from "../contracts/event-contract.ts";
import { MeshError } from "../mesh-error.ts";
import { assertFits } from "./agent-origin.ts";
import type { Agent } from "./define-agent.ts";

/**
 * The contracts of all that the agents serve, hear and publish.
 *
 * @throws MeshError REFUSED when one is given twice, or was defined by another version of this package
 */
export function contractsOf(agents: readonly Agent[]): Contracts {
  for (const agent of agents) assertFits(agent);
  const duplicate = agents.find(({ name }, index) => agents.findIndex((other) => other.name === name) !== index);
  if (duplicate !== undefined) {
    throw new MeshError({ code: "REFUSED", message: `agent "${duplicate.name}" is given to the host twice` });
  }
  return Contracts.of({
    services: agents.flatMap(({ serves }) => serves.map(({ service }) => service)),
    events: agents.flatMap(({ hears, publishes, sagas }) => [
      ...hears.map(({ event }) => event),
      ...publishes,
      ...sagas.flatMap(({ startsOn, waits }) => [startsOn, ...waits]).filter(eventPolicyOf),
    ]),
  });
}

/** Proto packages whose streams must be there: of the contracts, and of journals that no contract tells of. */
export function domainsOf(agents: readonly Agent[], contracts: Contracts): readonly string[] {
  const journaled = agents.flatMap(({ journals }) => journals.map(({ domain }) => domain));
  const projected = agents.flatMap(({ projections }) =>
    projections.flatMap(({ source }) => (source.kind === "journals" ? [source.domain] : [])),
  );
  const driven = agents.flatMap(({ sagas }) => sagas.map(({ domain }) => domain));
  return [...new Set([...contracts.domains, ...journaled, ...projected, ...driven])];
}
