// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { JetStreamApiError } from "@nats-io/jetstream";
import { isNotFound } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { patiently } from "./patience.ts";

/** The broker's words for: there is no such message. */
const goneCodes: ReadonlySet<number> = new Set([10043, 10057]);

/** Removes one message of a stream; no matter when it is not there. */
export async function removeMessage(broker: Broker, stream: string, sequence: number): Promise<void> {
  await patiently(broker, `removing message ${sequence} of stream "${stream}"`, async () => {
    try {
      await broker.manager.streams.deleteMessage(stream, sequence, false);
    } catch (error) {
      if (isNotFound(error)) return;
      const isGone = error instanceof JetStreamApiError && goneCodes.has(error.code);
      if (!isGone || (await broker.manager.streams.getMessage(stream, { seq: sequence })) !== null) throw error;
    }
  });
}
