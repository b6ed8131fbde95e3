// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "./project.ts";

/** A project's contracts with their comments, as `npm run generate` has compiled them; none where it does not. */
export function compiledContracts({ folder }: Project): readonly Uint8Array[] {
  const path = join(folder, "gen/contracts.binpb");
  return existsSync(path) ? [readFileSync(path)] : [];
}
