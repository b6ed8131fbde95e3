// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Msg } from "@nats-io/transport-node";
import { isNotFound } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { directPage } from "./direct-page.ts";

/** A stored message, as somebody looks at it who reads a whole stream. */
export interface Stored {
  readonly sequence: number;
  readonly subject: string;
  /** Milliseconds since the epoch, by the broker's clock. */
  readonly storedAt: number;
  readonly payload: Uint8Array;
  header(name: string): string | undefined;
}

/** What to read of a stream. */
export interface Extract {
  readonly filter: string;
  /** First sequence, or milliseconds since the epoch from when on messages were stored. */
  readonly from: number | { readonly since: number };
  /** Last sequence; default: to the end. */
  readonly to?: number | undefined;
}

const pageSize = 1_000;

/** The messages of a filter, in order, page by page: no more of a stream is in memory than one page. */
export async function* pages(
  broker: Broker,
  stream: string,
  { filter, from, to = Number.POSITIVE_INFINITY }: Extract,
): AsyncGenerator<readonly Stored[]> {
  for (let next = typeof from === "number" ? Math.max(1, from) : from; typeof next !== "number" || next <= to; ) {
    const { messages, remaining } = await directPage(broker, stream, { filter, from: next, maxMessages: pageSize });
    const page = messages.map(stored);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.filter(({ sequence }) => sequence <= to);
    if (remaining === 0) return;
    next = last.sequence + 1;
  }
}

/** Where to look for one message. */
export interface FirstQuery {
  readonly filter: string;
  /** First sequence that it may have. */
  readonly from: number;
}

/** The first message of an extract, by the word of the stream's leader; also of streams that are not read directly. */
export async function firstOf(
  broker: Broker,
  stream: string,
  { filter, from }: FirstQuery,
): Promise<Stored | undefined> {
  const query = { next_by_subj: filter, seq: Math.max(1, from) };
  const found = await broker.manager.streams.getMessage(stream, query).catch((error: unknown) => {
    if (isNotFound(error)) return null;
    throw error;
  });
  if (found === null) return undefined;
  const { seq, subject, time } = found;
  const header = (name: string) => found.header.get(name) || undefined;
  return { sequence: seq, subject, storedAt: time.getTime(), payload: found.data, header };
}

function stored({ headers, data: payload }: Msg): Stored {
  const header = (name: string) => headers?.get(name) || undefined;
  return {
    sequence: Number(header("Nats-Sequence")),
    subject: header("Nats-Subject") ?? "",
    storedAt: Date.parse(header("Nats-Time-Stamp") ?? ""),
    payload,
    header,
  };
}
