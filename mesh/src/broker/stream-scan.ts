// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";
import { brokerError } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { directPage, type PageQuery } from "./direct-page.ts";
import { defaultReplicas } from "./ensure-stream.ts";
import { patiently } from "./patience.ts";
import { lastOf, readEntry, type StoredEntry } from "./stored-entry.ts";

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
 * The messages of a filter, oldest first, a page of bounded size at a time: at least those that were stored before the call.
 * Any replica may answer, and may be behind; so in a cluster the leader is asked for the newest message meanwhile, and what a
 * replica does not have yet is asked for again.
 *
 * @throws MeshError NOT_FOUND when the stream is not there, BROKER_UNAVAILABLE
 */
export async function* pages(broker: Broker, query: ForwardQuery): AsyncGenerator<readonly StoredEntry[]> {
  const { filter, from = 1, to = Number.POSITIVE_INFINITY, atOnce = together } = query;
  const newest = newestOf(broker, query);
  // Its failure is told where it is waited for, which may be never.
  newest.catch(() => {});
  for (let next = typeof from === "number" ? Math.max(1, from) : from; typeof next !== "number" || next <= to; ) {
    const page = { filter, from: next, maxMessages: atOnce };
    const { entries, remaining } = await pageUpTo(broker, { ...query, newest }, page);
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

/** A page as one replica has it. Its end is the end only if the leader knows nothing newer. */
async function pageUpTo(broker: Broker, query: ForwardQuery & { readonly newest: Promise<number> }, page: PageQuery) {
  const { stream, to = Number.POSITIVE_INFINITY } = query;
  let isAskedAgain = false;
  return patiently(broker, `reading "${page.filter}" of stream "${stream}" to its end`, async () => {
    const { entries, remaining } = await pageOf(broker, stream, page);
    if (remaining > 0) return { entries, remaining };
    const before = typeof page.from === "number" ? page.from - 1 : 0;
    const last = entries.at(-1)?.sequence ?? before;
    // Asked anew when a replica seems to be behind: what was the newest may have been compacted since.
    const newest = Math.min(
      await query.newest,
      isAskedAgain ? await newestOf(broker, query) : Number.POSITIVE_INFINITY,
      to,
    );
    if (last >= newest) return { entries, remaining };
    if (entries.length > 0) return { entries, remaining: 1 };
    isAskedAgain = true;
    const message = `a replica of stream "${stream}" ends at sequence ${last}, its leader at ${newest}`;
    throw new MeshError({ code: "BROKER_UNAVAILABLE", message });
  });
}

/**
 * Sequence of the newest message of a filter by the leader's word; 0: there is none, or no replica that could be behind. Patient:
 * one answer is waited for by all pages.
 */
async function newestOf(broker: Broker, { stream, filter, from }: ForwardQuery): Promise<number> {
  if (defaultReplicas(broker) === 1) return 0;
  const what = `reading the newest of "${filter}" of stream "${stream}"`;
  const newest = await patiently(broker, what, () => lastOf(broker, stream, filter));
  const isTooOld = typeof from === "object" && (newest?.storedAt ?? 0) < from.since;
  return isTooOld ? 0 : (newest?.sequence ?? 0);
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
