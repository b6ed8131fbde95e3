// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Client, createClient } from "@connectrpc/connect";
import { OperatorService } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import { findMesh, type MeshChoice } from "../state/find-mesh.ts";
import { transportTo } from "./transport.ts";

/** The operator of the mesh that is meant; nothing is connected until the first call. */
export function operatorClient(choice: MeshChoice): Client<typeof OperatorService> {
  return createClient(OperatorService, transportTo(findMesh(choice)));
}
