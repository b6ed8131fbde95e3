// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Contracts } from "@parley/mesh/contracts";
import type { OutputFormat } from "../commands/output-option.ts";
import { findProject } from "../project/project.ts";
import { projectContracts } from "../project/project-contracts.ts";
import type { MeshChoice } from "../state/find-mesh.ts";
import { contractsJson } from "../terminal/contracts-json.ts";
import { contractsText } from "../terminal/contracts-text.ts";
import { show } from "../terminal/show.ts";
import { UsageError } from "../usage-error.ts";
import { meshContracts } from "./mesh-contracts.ts";

/** How contracts are shown. */
export interface ContractsChoice extends MeshChoice {
  readonly output: OutputFormat;
}

/** Prints the contracts of the running mesh, or those of the project where none runs and none was named. */
export async function showContracts(choice: ContractsChoice): Promise<void> {
  const contracts = await contractsFor(choice);
  show(choice.output, {
    json: () => contractsJson(contracts),
    table: (style) => contractsText(contracts, style),
  });
}

async function contractsFor(choice: ContractsChoice): Promise<Contracts> {
  try {
    return await meshContracts(choice);
  } catch (error) {
    const named = choice.url ?? choice.state ?? process.env["PARLEY_URL"] ?? process.env["PARLEY_STATE"];
    const project = findProject();
    if (!(error instanceof UsageError) || named !== undefined || project === undefined) throw error;
    return projectContracts(project);
  }
}
