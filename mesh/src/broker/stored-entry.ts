// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { StoredMsg } from "@nats-io/jetstream";
import type { Msg, MsgHdrs } from "@nats-io/transport-node";
import { brokerError, isNotFound } from "./broker-error.ts";
import type { Broker } from "./connection.ts";

/** A message of a stream, as it is stored. */
export interface StoredEntry {
  readonly sequence: number;
  readonly subject: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Uint8Array;
  /** Milliseconds since the epoch, by the broker's clock. */
  readonly storedAt: number;
}

/** A message of a page: where it is stored stands in headers. */
export function readEntry({ headers, data }: Msg): StoredEntry {
  const all = byLowerCase(headers);
  return {
    sequence: Number(all.get("nats-sequence")),
    subject: all.get("nats-subject") ?? "",
    headers: all,
    payload: data,
    storedAt: Date.parse(all.get("nats-time-stamp") ?? ""),
  };
}

/** A message as the stream's leader gives it. */
export function storedEntry(message: StoredMsg): StoredEntry {
  const headers = byLowerCase(message.header);
  return {
    sequence: message.seq,
    subject: message.subject,
    headers,
    payload: message.data,
    storedAt: message.time.getTime(),
  };
}

/** The message of a stream at a sequence; undefined when it is not there, or the stream is not. */
export async function messageAt(broker: Broker, stream: string, sequence: number): Promise<StoredEntry | undefined> {
  try {
    const found = await broker.manager.streams.getMessage(stream, { seq: sequence });
    return found === null ? undefined : storedEntry(found);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw brokerError(error, `reading message ${sequence} of stream "${stream}"`);
  }
}

/** The first message of a filter, from a sequence on, by the word of the stream's leader; also of streams not read directly. */
export async function firstOf(
  broker: Broker,
  stream: string,
  { filter, from }: { readonly filter: string; readonly from: number },
): Promise<StoredEntry | undefined> {
  try {
    const query = { next_by_subj: filter, seq: Math.max(1, from) };
    const found = await broker.manager.streams.getMessage(stream, query);
    return found === null ? undefined : storedEntry(found);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw brokerError(error, `reading "${filter}" of stream "${stream}"`);
  }
}

/** The newest message of a filter, by the word of the stream's leader. */
export async function lastOf(broker: Broker, stream: string, filter: string): Promise<StoredEntry | undefined> {
  try {
    const found = await broker.manager.streams.getMessage(stream, { last_by_subj: filter });
    return found === null ? undefined : storedEntry(found);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw brokerError(error, `reading the newest of "${filter}" of stream "${stream}"`);
  }
}

function byLowerCase(given: MsgHdrs | undefined): Map<string, string> {
  const headers = new Map<string, string>();
  for (const name of given?.keys() ?? []) headers.set(name.toLowerCase(), given?.last(name) ?? "");
  return headers;
}
