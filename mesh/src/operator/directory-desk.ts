// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Host } from "../agent/host-options.ts";
import type { MeshContracts } from "./mesh-contracts.ts";

/** What DirectoryService works with. */
export interface DirectoryDesk {
  readonly host: Host;
  readonly contracts: MeshContracts;
}
