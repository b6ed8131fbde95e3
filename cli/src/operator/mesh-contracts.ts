// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Code, ConnectError } from "@connectrpc/connect";
import { OperatorService } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import { Contracts } from "@parley/mesh/contracts";
import { findProject } from "../project/project.ts";
import { projectContracts } from "../project/project-contracts.ts";
import type { MeshChoice } from "../state/find-mesh.ts";
import { meshClient } from "./mesh-client.ts";

/**
 * The contracts of the mesh that is meant. A public door does not tell them; then those of the project here are taken.
 *
 * @throws UsageError when no mesh is found; ConnectError when it does not answer
 */
export async function meshContracts(choice: MeshChoice): Promise<Contracts> {
  try {
    const { fileDescriptorSet } = await meshClient(OperatorService, choice).getContracts({});
    return Contracts.decode(fileDescriptorSet);
  } catch (error) {
    const project = findProject();
    if (!(error instanceof ConnectError && error.code === Code.Unimplemented) || project === undefined) throw error;
    return projectContracts(project);
  }
}
