// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Msg, type NatsConnection, nanos } from "@nats-io/transport-node";
import { ackWaitMs } from "./durable.ts";
import { readSourceMark, type SourceMark } from "./sourcing.ts";

/** A message as it was pulled: bytes and headers, and what may be done with it. It is to be settled once: ack, nak or term. */
export interface PulledMessage {
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  /** By lower-case name; of several values the first. What the broker added for itself is left out. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Uint8Array;
  /** 1 at the first delivery; the broker counts again when a try was not settled in time. */
  readonly deliveryCount: number;
  /** Milliseconds since the epoch, when it was stored. */
  readonly storedAt: number;
  /**
   * A time of `performance.now()` at which the broker had surely not delivered it yet; where the pull is not dated, only when it
   * came.
   */
  readonly notBefore: number;
  /** Where the stream took it from; undefined where it was not sourced. */
  readonly source?: () => SourceMark | undefined;
  /** It is done. May be lost with the broker, so it can come again all the same. */
  ack(): void;
  /** It is to come again, not before `delayMs`. */
  nak(delayMs: number): void;
  /** It is never to come again, though it was not handled. */
  term(): void;
  /**
   * It is being worked on: starts the time allowed for settling anew.
   *
   * @param heard is called when the broker says that it has heard so; without it nobody asks
   */
  working(heard?: () => void): void;
  /** As {@link working}; the broker tells a {@link UnsettledProof} of it if the message is unsettled. */
  prove(): void;
}

/** What a pull knows of a delivery. */
export interface DeliveryInit extends Pick<PulledMessage, "notBefore"> {
  readonly connection: Pick<NatsConnection, "request">;
  /** Is told when it was acknowledged or terminated. */
  readonly onDone: (sequence: number) => void;
  /** Is told when it goes back to the broker, to come again. */
  readonly onGivenBack: (sequence: number, delayMs: number) => void;
}

/**
 * A delivery of the broker as a pulled message; undefined when it is none. What is said about it after it was settled, or
 * when the connection is closed, is dropped: the broker delivers again what nobody has settled.
 */
export function pulledMessage(delivery: Msg, init: DeliveryInit): PulledMessage | undefined {
  const { connection, notBefore, onDone, onGivenBack } = init;
  const facts = factsIn(delivery.reply ?? "");
  if (facts === undefined) return undefined;
  let settled = false;
  const say = (word: string) => {
    if (settled) return;
    try {
      delivery.respond(word);
    } catch {
      // The connection is closed.
    }
  };
  const settle = (word: string) => {
    say(word);
    settled = true;
  };
  const finish = (word: string) => {
    settle(word);
    onDone(facts.sequence);
  };
  return {
    ...facts,
    notBefore,
    subject: delivery.subject,
    headers: receivedHeaders(delivery),
    payload: delivery.data,
    source: () => readSourceMark(delivery.headers?.get("Nats-Stream-Source")),
    ack: () => finish("+ACK"),
    // Without a delay the broker delivers again at once, and a failing message burns through its tries in milliseconds.
    nak(delayMs) {
      if (!settled) onGivenBack(facts.sequence, delayMs);
      settle(`-NAK {"delay": ${nanos(Math.max(1, Math.round(delayMs)))}}`);
    },
    term: () => finish("+TERM"),
    working(heard) {
      if (heard === undefined) say("+WPI");
      else if (!settled) void ask(connection, delivery, "+WPI").then(heard, () => {});
    },
    // Given back with a delay as long as the broker's patience: as if it were said to be worked on, and the broker tells of it.
    prove: () => say(`-NAK {"delay": ${nanos(ackWaitMs)}}`),
  };
}

async function ask(connection: DeliveryInit["connection"], { reply = "" }: Msg, word: string): Promise<void> {
  await connection.request(reply, word, { timeout: ackWaitMs });
}

type Facts = Pick<PulledMessage, "stream" | "sequence" | "deliveryCount" | "storedAt">;

/**
 * What the broker says about a delivery stands in the subject for its acknowledgement:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.<pending>[.<token>]`
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md
 */
function factsIn(reply: string): Facts | undefined {
  const tokens = reply.split(".");
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK" || tokens.length < 9) return undefined;
  const [stream = "", , delivered, sequence, , time] = tokens.slice(tokens.length > 9 ? 4 : 2);
  return {
    stream,
    sequence: Number(sequence),
    deliveryCount: Number(delivered),
    storedAt: Math.floor(Number(time) / 1_000_000),
  };
}

/**
 * What names a stored message for good, however often it is delivered. Its sequence alone does not: a stream that was deleted
 * and made again begins to count anew.
 */
export function placeOf({
  stream,
  sequence,
  storedAt,
}: Pick<PulledMessage, "stream" | "sequence" | "storedAt">): readonly [string, number, number] {
  return [stream, sequence, storedAt];
}

/** Headers of a delivery by lower-case name; of several values the first. What the broker added for itself is left out. */
export function receivedHeaders(delivery: Msg): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, values] of delivery.headers ?? []) {
    const lower = name.toLowerCase();
    if (!lower.startsWith("nats-") && !headers.has(lower)) headers.set(lower, values[0] ?? "");
  }
  return headers;
}
