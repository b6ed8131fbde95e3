// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { brokerError } from "./broker-error.ts";
import type { Broker } from "./connection.ts";

/** Removes what a stream holds of one subject; no matter when there is nothing. @throws MeshError BROKER_UNAVAILABLE, NOT_FOUND */
export async function purgeSubject(broker: Broker, stream: string, subject: string): Promise<void> {
  try {
    await broker.manager.streams.purge(stream, { filter: subject });
  } catch (error) {
    throw brokerError(error, `removing "${subject}" from stream "${stream}"`);
  }
}
