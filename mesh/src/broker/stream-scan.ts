// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { brokerError } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { directPage, type PageQuery } from "./direct-page.ts";
import { patiently } from "./patience.ts";
import { readEntry, type StoredEntry } from "./stored-entry.ts";

/** Which messages of a stream are read. */
export interface ScanQuery {
  readonly stream: string;
  readonly filter: string;
}

/** From where to where a stream is read forwards. */
export interface ForwardQuery extends ScanQuery {
  /** First sequence, or milliseconds since the epoch from when on messages were stored; default: the oldest. */
  readonly from?: PageQuery["from"] | undefined;
  /** Last sequence; default: to the end. */
  readonly to?: number | undefined;
  /** Most messages that are asked for at once, four megabytes of them; default: 32, for who may need only a few. */
  readonly atOnce?: number | undefined;
}

/** Messages that are in memory at once while a stream is read; they may be a megabyte each. */
const together = 32;
/** Bytes after which a page ends; it holds one message at least. */
const pageBytes = 4 * 1024 * 1024;
/** Sequences that are asked for at once where there is little. */
const widest = 1 << 20;

/**
 * The messages of a filter, oldest first, a page of bounded size at a time.
 *
 * @throws MeshError NOT_FOUND when the stream is not there, BROKER_UNAVAILABLE
 */
export async function* pages(broker: Broker, query: ForwardQuery): AsyncGenerator<readonly StoredEntry[]> {
  const { stream, filter, from = 1, to = Number.POSITIVE_INFINITY, atOnce = together } = query;
  for (let next = typeof from === "number" ? Math.max(1, from) : from; typeof next !== "number" || next <= to; ) {
    const { entries, remaining } = await pageOf(broker, stream, { filter, from: next, maxMessages: atOnce });
    const last = entries.at(-1);
    if (last === undefined) return;
    yield entries.filter(({ sequence }) => sequence <= to);
    if (remaining === 0) return;
    next = last.sequence + 1;
  }
}

/** The messages of {@link pages}, one by one. */
export async function* forwards(broker: Broker, query: ForwardQuery): AsyncGenerator<StoredEntry> {
  for await (const page of pages(broker, query)) yield* page;
}

/**
 * The messages of a filter, newest first. The broker only reads forwards, so it is asked for a stretch of sequences at a time:
 * a wider one where there is little, a narrow one where there is much.
 *
 * @param below only what has a lower sequence; default: all
 * @throws MeshError NOT_FOUND when the stream is not there, BROKER_UNAVAILABLE
 */
export async function* backwards(broker: Broker, query: ScanQuery, below = Infinity): AsyncGenerator<StoredEntry> {
  const { stream, filter } = query;
  const { first, last } = await extent(broker, stream);
  let width: number = together;
  for (let top = Math.min(last, below - 1); top >= first; ) {
    const bottom = Math.max(first, top - width + 1);
    const stretch: StoredEntry[] = [];
    for await (const entry of forwards(broker, { stream, filter, from: bottom, to: top })) {
      stretch.push(entry);
      if (stretch.length > together) break;
    }
    if (stretch.length > together) {
      width = together;
      continue;
    }
    yield* stretch.toReversed();
    top = bottom - 1;
    width = stretch.length < together / 2 ? Math.min(width * 4, widest) : together;
  }
}

/** How many messages of a filter a stream holds. */
export async function countOf(broker: Broker, { stream, filter }: ScanQuery): Promise<number> {
  const { entries, remaining } = await pageOf(broker, stream, { filter, from: 1, maxMessages: 1 });
  return entries.length + remaining;
}

/** The first and the last sequence of a stream. */
export async function extent(
  broker: Broker,
  stream: string,
): Promise<{ readonly first: number; readonly last: number }> {
  return patiently(broker, `reading stream "${stream}"`, async () => {
    const { state } = await broker.manager.streams.info(stream);
    return { first: Math.max(1, state.first_seq), last: state.last_seq };
  });
}

async function pageOf(broker: Broker, stream: string, query: PageQuery) {
  return patiently(broker, `reading "${query.filter}" of stream "${stream}"`, async () => {
    try {
      const { messages, remaining } = await directPage(broker, stream, { ...query, maxBytes: pageBytes });
      return { entries: messages.map(readEntry), remaining };
    } catch (error) {
      // Nobody answers for a stream that is gone, as for one without a leader; the manager tells them apart.
      await broker.manager.streams.info(stream);
      throw brokerError(error, `reading stream "${stream}"`);
    }
  });
}
