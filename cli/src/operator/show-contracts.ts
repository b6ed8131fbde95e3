// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Code, ConnectError } from "@connectrpc/connect";
import { type PolicyOverlay, PolicyOverlayService } from "@parley/contracts/parley/mesh/v1/overlay_pb.js";
import type { Contracts } from "@parley/mesh/contracts";
import type { OutputFormat } from "../commands/output-option.ts";
import { findProject } from "../project/project.ts";
import { projectContracts } from "../project/project-contracts.ts";
import type { MeshChoice } from "../state/find-mesh.ts";
import { contractsJson } from "../terminal/contracts-json.ts";
import { contractsText } from "../terminal/contracts-text.ts";
import { show } from "../terminal/show.ts";
import { UsageError } from "../usage-error.ts";
import { meshClient } from "./mesh-client.ts";
import { meshContracts } from "./mesh-contracts.ts";

/** How contracts are shown. */
export interface ContractsChoice extends MeshChoice {
  readonly output: OutputFormat;
}

/** Prints the contracts of the running mesh, or those of the project where none runs and none was named. */
export async function showContracts(choice: ContractsChoice): Promise<void> {
  const { contracts, overlays } = await contractsFor(choice);
  show(choice.output, {
    json: () => contractsJson(contracts, overlays),
    table: (style) => contractsText(contracts, style, overlays),
  });
}

/** Contracts, and what holds instead of parts of them. */
interface Holding {
  readonly contracts: Contracts;
  readonly overlays: readonly PolicyOverlay[];
}

async function contractsFor(choice: ContractsChoice): Promise<Holding> {
  try {
    const contracts = await meshContracts(choice);
    return { contracts, overlays: await overlaysOf(choice) };
  } catch (error) {
    const named = choice.url ?? choice.state ?? process.env["PARLEY_URL"] ?? process.env["PARLEY_STATE"];
    const project = findProject();
    if (!(error instanceof UsageError) || named !== undefined || project === undefined) throw error;
    return { contracts: await projectContracts(project), overlays: [] };
  }
}

/** A public door does not tell them. */
async function overlaysOf(choice: MeshChoice): Promise<readonly PolicyOverlay[]> {
  try {
    return (await meshClient(PolicyOverlayService, choice).listOverlays({})).overlays;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.Unimplemented) return [];
    throw error;
  }
}
