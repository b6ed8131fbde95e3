// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type MeshChoice, runningMesh } from "./find-mesh.ts";

/**
 * The broker that is meant: `--url`, else `--state`, else PARLEY_NATS_URL, else that of the mesh which runs on the state
 * folder that `parley up` would use here.
 *
 * @throws UsageError when no mesh runs there
 */
export function findBroker({ url, state }: MeshChoice): string {
  return url || (state === undefined && process.env["PARLEY_NATS_URL"]) || runningMesh(state).natsUrl;
}
