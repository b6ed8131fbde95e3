// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { StoredMsg } from "@nats-io/jetstream";
import { headers as brokerHeaders, type MsgHdrs } from "@nats-io/transport-node";
import { payloadDigest } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import type { AppendAnswer } from "./append-answer.ts";
import { brokerError, isNotFound } from "./broker-error.ts";
import type { Broker } from "./connection.ts";

/** Tells whether a message under the same id is the same message. */
export const digestHeader = "parley-digest";

/** What is appended. */
export interface NewMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
  /** Under the same id a message is stored once, however often it is appended within the stream's duplicate window. */
  readonly id: string;
  /**
   * Only when `lastSequence` is the newest of the messages that `filter` covers; 0: there are none. Every writer of a key
   * gives the very same filter, see {@link Subjects.stateOf}.
   */
  readonly expect?: { readonly filter: string; readonly lastSequence: number } | undefined;
}

/** Where a message is stored. */
export interface Appended {
  readonly sequence: number;
  /** It was there already, from an earlier attempt. */
  readonly duplicate: boolean;
}

/** Where a message is stored, when it is the one that follows its own expectation. */
export async function ownMessageAfter(
  broker: Broker,
  stream: string,
  message: NewMessage,
): Promise<number | undefined> {
  if (message.expect === undefined) return undefined;
  const { filter, lastSequence } = message.expect;
  const next = await storedAt(broker, stream, { seq: lastSequence + 1, next_by_subj: filter });
  return next?.header.get("Nats-Msg-Id") === brokerMessageId(message) ? next.seq : undefined;
}

/** Asked of the leader: a replica could answer with what is no longer true. */
export async function storedAt(
  broker: Broker,
  stream: string,
  query: { readonly seq: number; readonly next_by_subj?: string },
): Promise<StoredMsg | undefined> {
  try {
    return (await broker.manager.streams.getMessage(stream, query)) ?? undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw brokerError(error, `looking up a message of stream "${stream}"`).with({ mayHaveRun: true });
  }
}

/** All headers that a message is appended with. */
export function headersOf(message: NewMessage): MsgHdrs {
  const headers = brokerHeaders();
  for (const [name, value] of message.headers) headers.set(name, value);
  headers.set("Nats-Msg-Id", brokerMessageId(message));
  headers.set(digestHeader, payloadDigest(message.payload));
  if (message.expect !== undefined) {
    headers.set("Nats-Expected-Last-Subject-Sequence", String(message.expect.lastSequence));
    headers.set("Nats-Expected-Last-Subject-Sequence-Subject", message.expect.filter);
  }
  return headers;
}

/**
 * The id under which the broker knows a message. One stream sources many journals: the same id of messages of two domains
 * must not make one of them disappear there.
 */
function brokerMessageId({ subject, id }: NewMessage): string {
  const [, kind, domain] = subject.split(".");
  return `${kind === "jrn" ? domain : kind}:${id}`;
}

/** The broker closes the connection of who sends more than it takes, with everything else on it. */
export function refuseLarge(broker: Broker, { subject, payload, headers }: NewMessage, added: MsgHdrs): void {
  const limit = broker.connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
  let bytes = payload.length + 256;
  for (const [name, value] of headers) bytes += name.length + value.length + 4;
  for (const name of added.keys()) bytes += headers.has(name) ? 0 : name.length + added.get(name).length + 4;
  if (bytes <= limit) return;
  const text = `message on "${subject}" is ${bytes} bytes with its headers, the broker takes ${limit}; send a reference instead`;
  throw new MeshError({ code: "TOO_LARGE", message: text });
}

export function unavailable({ id, subject }: NewMessage, answer: AppendAnswer, inDoubt: boolean): MeshError {
  const reason = "reason" in answer ? answer.reason : "no answer";
  const state = inDoubt ? "may be stored" : "was not stored";
  const text = `"${id}" on "${subject}" ${state}: ${reason}; start nats-server or check PARLEY_NATS_URL`;
  return new MeshError({ code: "BROKER_UNAVAILABLE", message: text, mayHaveRun: inDoubt });
}
