// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";
import type { Broker } from "./connection.ts";
import { headersOf, type NewMessage, refuseLarge } from "./new-message.ts";
import { receivedHeaders } from "./pulled-message.ts";
import { underWay } from "./traffic.ts";

/** A message that is not stored: whoever listens gets it, or nobody. */
export interface Signal {
  readonly subject: string;
  /** By lower-case name; of several values the first. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Uint8Array;
}

/** Who listens for signals. */
export interface SignalListener {
  /** May hold wildcards. */
  readonly subject: string;
  /** Of all that listen in one group one gets a signal; unset: this one gets all. */
  readonly group?: string | undefined;
  readonly onSignal: (signal: Signal) => void;
}

/**
 * Sends to whoever listens now, without an answer.
 *
 * @throws MeshError TOO_LARGE; BROKER_UNAVAILABLE, not sent, while there is no connection: the client would keep it in memory
 *   until there is one, without a bound.
 */
export function sendSignal(broker: Broker, message: NewMessage): void {
  const headers = headersOf(message);
  refuseLarge(broker, message, headers);
  if (!broker.connected) throw unsent(message, "the connection is lost");
  try {
    broker.connection.publish(message.subject, message.payload, { headers });
    broker.traffic?.passed();
  } catch (thrown) {
    throw unsent(message, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function unsent({ id, subject }: NewMessage, reason: string): MeshError {
  const message = `"${id}" on "${subject}" was not sent: ${reason}; start nats-server or check PARLEY_NATS_URL`;
  return new MeshError({ code: "BROKER_UNAVAILABLE", message });
}

/** Listens until the returned function is called; resolves when the broker knows. */
export async function hearSignals(broker: Broker, { subject, group, onSignal }: SignalListener): Promise<() => void> {
  const subscription = broker.connection.subscribe(subject, {
    ...(group === undefined ? {} : { queue: group }),
    callback(error, delivery) {
      if (error !== null) return;
      broker.traffic?.passed();
      onSignal({ subject: delivery.subject, headers: receivedHeaders(delivery), payload: delivery.data });
    },
  });
  await underWay(broker, subject, broker.connection.flush());
  return () => {
    if (!broker.connection.isClosed()) subscription.unsubscribe();
  };
}
