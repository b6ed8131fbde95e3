// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { StoredMsg } from "@nats-io/jetstream";
import { headers as brokerHeaders, type MsgHdrs } from "@nats-io/transport-node";
import { payloadDigest } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import { type AppendAnswer, tryAppend } from "./append-answer.ts";
import { brokerError, isNotFound, meaningOf } from "./broker-error.ts";
import type { Broker } from "./connection.ts";

/** Tells whether a message under the same id is the same message. */
export const digestHeader = "parley-digest";

/** Longer than the loss of a leader takes. */
const patienceMs = 20_000;
const pauseMs = 100;

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

/** Stores messages. What stores several at once, or many in one go, will stand behind the same noun. */
export interface Appender {
  /**
   * Stores a message and resolves when it is on the disk. While the broker gives no definite answer the append is repeated
   * under the same id, so that it is stored once.
   *
   * @throws MeshError CONFLICT when the expectation does not hold; MESSAGE_ID_REUSED when another message has the id;
   *   STORAGE_FULL and TOO_LARGE, nothing stored; BROKER_UNAVAILABLE after 20 seconds, `mayHaveRun` when it may be stored.
   */
  append(message: NewMessage): Promise<Appended>;
}

/** Appends one message at a time. */
export function brokerAppender(broker: Broker): Appender {
  return { append: (message) => append(broker, message) };
}

async function append(broker: Broker, message: NewMessage): Promise<Appended> {
  const headers = headersOf(message);
  refuseLarge(broker, message, headers);
  const deadline = Date.now() + patienceMs;
  let inDoubt = false;
  for (;;) {
    const answer = await tryAppend(broker.connection, { ...message, headers });
    const settled = await settle(broker, { message, answer, inDoubt });
    if (settled !== undefined) return settled;
    inDoubt ||= answer.kind === "silence";
    if (answer.kind === "closed" || Date.now() > deadline) throw unavailable(message, answer, inDoubt);
    await delay(pauseMs * (1 + Math.random()));
  }
}

interface Attempt {
  readonly message: NewMessage;
  readonly answer: AppendAnswer;
  /** An earlier attempt may have been stored. */
  readonly inDoubt: boolean;
}

/** What an answer means; undefined: try again. */
async function settle(broker: Broker, { message, answer, inDoubt }: Attempt): Promise<Appended | undefined> {
  if (answer.kind === "stored") {
    const { stream, sequence, duplicate } = answer;
    if (duplicate) assertSame(message, await storedAt(broker, stream, { seq: sequence }));
    return { sequence, duplicate };
  }
  if (answer.kind !== "refused") return undefined;
  const code = meaningOf(answer.errorCode, 0);
  if (code === "CONFLICT" && inDoubt && message.expect !== undefined) {
    // One server refuses the repetition of an append that it has stored: what it says changed is one's own message.
    const { filter, lastSequence } = message.expect;
    const next = await storedAt(broker, answer.stream, { seq: lastSequence + 1, next_by_subj: filter });
    if (next?.header.get("Nats-Msg-Id") === brokerMessageId(message)) return { sequence: next.seq, duplicate: true };
  }
  const text = `"${message.id}" on "${message.subject}" was not stored (${answer.errorCode}): ${answer.reason}`;
  throw new MeshError({ code, message: text, mayHaveRun: inDoubt && code !== "CONFLICT" });
}

/** Asked of the leader: a replica could answer with what is no longer true. */
async function storedAt(
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

function assertSame(message: NewMessage, stored: StoredMsg | undefined): void {
  // Gone meanwhile: it was handled and compacted away, hence it was this one.
  if (stored === undefined) return;
  const { subject, payload, id } = message;
  if (stored.subject === subject && stored.header.get(digestHeader) === payloadDigest(payload)) return;
  const text = `id "${id}" on "${subject}" belongs to another message, stored on "${stored.subject}" as ${stored.seq}`;
  throw new MeshError({ code: "MESSAGE_ID_REUSED", message: text });
}

function headersOf(message: NewMessage): MsgHdrs {
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
function refuseLarge(broker: Broker, { subject, payload, headers }: NewMessage, added: MsgHdrs): void {
  const limit = broker.connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
  let bytes = payload.length + 256;
  for (const [name, value] of headers) bytes += name.length + value.length + 4;
  for (const name of added.keys()) bytes += headers.has(name) ? 0 : name.length + added.get(name).length + 4;
  if (bytes <= limit) return;
  const text = `message on "${subject}" is ${bytes} bytes with its headers, the broker takes ${limit}; send a reference instead`;
  throw new MeshError({ code: "TOO_LARGE", message: text });
}

function unavailable({ id, subject }: NewMessage, answer: AppendAnswer, inDoubt: boolean): MeshError {
  const reason = "reason" in answer ? answer.reason : "no answer";
  const state = inDoubt ? "may be stored" : "was not stored";
  const text = `"${id}" on "${subject}" ${state}: ${reason}; start nats-server or check PARLEY_NATS_URL`;
  return new MeshError({ code: "BROKER_UNAVAILABLE", message: text, mayHaveRun: inDoubt });
}
