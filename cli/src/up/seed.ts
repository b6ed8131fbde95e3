// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Host } from "@parley/mesh";
import { loadSeed } from "../project/modules.ts";
import type { Project } from "../project/project.ts";

/** Fills the mesh with the project's sample data where that is due. */
export type Seeding = (mesh: Host) => Promise<void>;

/**
 * Decides when a mesh is filled. Agents keep their state in memory so far, so every start of an agent begins with nothing,
 * whatever the state folder holds: the seed runs at each, unless the mesh shall stay empty. It does not mind a repeat.
 */
export function seedingOf({ seed }: Project, { empty }: { readonly empty: boolean }): Seeding {
  if (seed === undefined || empty) return async () => {};
  return async (mesh) => (await loadSeed(seed))(mesh);
}
