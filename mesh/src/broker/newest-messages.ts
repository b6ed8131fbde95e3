// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { StoredMsg } from "@nats-io/jetstream";
import { answered } from "./answered.ts";
import { brokerError } from "./broker-error.ts";
import type { Broker } from "./connection.ts";

/** How much of a stream is read. */
export interface NewestOptions {
  readonly stream: string;
  readonly maxMessages: number;
  /** Payloads of all together; at least one message is given. */
  readonly maxBytes: number;
}

/** Messages asked for at once. */
const together = 32;

/**
 * The payloads of the newest messages of a stream, newest first.
 *
 * @throws MeshError NOT_FOUND when the stream is not there, BROKER_UNAVAILABLE
 */
export async function newestMessages(broker: Broker, options: NewestOptions): Promise<readonly Uint8Array[]> {
  const { stream, maxMessages, maxBytes } = options;
  const payloads: Uint8Array[] = [];
  let bytes = 0;
  for await (const message of backwards(broker, stream)) {
    bytes += message.data.byteLength;
    if (payloads.length > 0 && bytes > maxBytes) break;
    payloads.push(message.data);
    if (payloads.length >= maxMessages) break;
  }
  return payloads;
}

async function* backwards(broker: Broker, stream: string): AsyncGenerator<StoredMsg> {
  const { streams } = broker.manager;
  try {
    const { state } = await answered(broker, streams.info(stream));
    for (let last = state.last_seq; last >= state.first_seq && last > 0; last -= together) {
      const count = Math.min(together, last - state.first_seq + 1);
      const sequences = Array.from({ length: count }, (_, index) => last - index);
      const found = await Promise.all(sequences.map((seq) => answered(broker, streams.getMessage(stream, { seq }))));
      // Null where a message was deleted.
      yield* found.filter((message) => message !== null);
    }
  } catch (error) {
    throw brokerError(error, `reading stream "${stream}"`);
  }
}
