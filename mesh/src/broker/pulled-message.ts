// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { JsMsg } from "@nats-io/jetstream";

/** A message as it was pulled: bytes and headers, and what may be done with it. It must be settled exactly once. */
export interface PulledMessage {
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  /** By lower-case name; of several values the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Uint8Array;
  /** 1 at the first delivery; the broker counts again when a try was not settled in time. */
  readonly deliveryCount: number;
  /** Milliseconds since the epoch, when it was stored. */
  readonly storedAt: number;
  /** It is done. May be lost with the broker, so it can come again all the same. */
  ack(): void;
  /** It is to come again, not before `delayMs`. */
  nak(delayMs: number): void;
  /** It is never to come again, though it was not handled. */
  term(): void;
  /** It is being worked on: starts the time allowed for settling anew. */
  working(): void;
}

/** A message of the client library as ours. */
export function pulledMessage(message: JsMsg): PulledMessage {
  const headers = new Map<string, string>();
  for (const [name, values] of message.headers ?? []) headers.set(name.toLowerCase(), values.at(-1) ?? "");
  return {
    stream: message.info.stream,
    sequence: message.seq,
    subject: message.subject,
    headers,
    payload: message.data,
    deliveryCount: message.info.deliveryCount,
    storedAt: Number(message.info.timestampNanos / 1_000_000n),
    ack: () => message.ack(),
    // Without a delay the broker delivers again at once, and a failing message burns through its tries in milliseconds.
    nak: (delayMs) => message.nak(Math.max(1, Math.round(delayMs))),
    term: () => message.term(),
    working: () => message.working(),
  };
}
