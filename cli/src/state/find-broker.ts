// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { runningMesh } from "./find-mesh.ts";

/** Which broker is meant. */
export interface BrokerChoice {
  /** Address, as `nats://host:port`. */
  readonly broker?: string | undefined;
  /** State folder of `parley up`. */
  readonly state?: string | undefined;
}

/**
 * The broker that is meant: `--broker`, else `--state`, else PARLEY_NATS_URL, else that of the mesh which runs on the state
 * folder that `parley up` would use here.
 *
 * @throws UsageError when no mesh runs there
 */
export function findBroker({ broker, state }: BrokerChoice): string {
  return (
    broker ||
    (state === undefined && process.env["PARLEY_NATS_URL"]) ||
    runningMesh(state, "its broker with --broker or PARLEY_NATS_URL").natsUrl
  );
}
