// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Host } from "@parley/mesh";
import { openBucket } from "@parley/mesh/broker";
import { loadSeed } from "../project/modules.ts";
import type { Project } from "../project/project.ts";

/** Fills the mesh with the project's sample data where that is due. */
export type Seeding = (mesh: Host) => Promise<void>;

/** What tells that a mesh is no longer fresh. It lies in the broker, beside what agents keep, and shares its fate. */
const mark = { purpose: "project", key: "seed" } as const;

/**
 * Decides when a mesh is filled: once, when it is fresh. One that was begun empty stays so. A seed that was interrupted runs
 * again at the next start, which it does not mind.
 */
export function seedingOf({ seed }: Project, { empty }: { readonly empty: boolean }): Seeding {
  if (seed === undefined) return async () => {};
  return async (mesh) => {
    const { broker, namespace } = mesh;
    const bucket = await openBucket(broker, { namespace, purpose: mark.purpose });
    if ((await bucket.get(mark.key)) !== undefined) return;
    if (!empty) await (await loadSeed(seed))(mesh);
    await bucket.put(mark.key, new TextEncoder().encode(empty ? "left empty" : "seeded"));
  };
}
