// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "./connection.ts";
import type { StoredEntry } from "./stored-entry.ts";
import { backwards, type ScanQuery } from "./stream-scan.ts";

/** A message of several streams that are read as one. */
export interface MergedEntry {
  readonly entry: StoredEntry;
  /** How far each stream has been read, this message included: what {@link newestFirst} goes on from. */
  readonly below: readonly number[];
}

/**
 * The messages of several streams as of one, newest first by when they were stored. Of what comes meanwhile nothing is read.
 *
 * @param below of each stream only what has a lower sequence; default: all
 * @throws MeshError NOT_FOUND when a stream is not there, BROKER_UNAVAILABLE
 */
export async function* newestFirst(
  broker: Broker,
  queries: readonly ScanQuery[],
  below: readonly number[] = [],
): AsyncGenerator<MergedEntry> {
  const streams = queries.map((query, index) => backwards(broker, query, below[index]));
  const heads = await Promise.all(streams.map(headOf));
  for (;;) {
    const storedAt = (index: number) => heads[index]?.storedAt ?? Number.NEGATIVE_INFINITY;
    const newest = [...heads.keys()].reduce((best, index) => (storedAt(index) > storedAt(best) ? index : best), 0);
    const [entry, stream] = [heads[newest], streams[newest]];
    if (entry === undefined || stream === undefined) return;
    const readTo = (head: StoredEntry | undefined, index: number) =>
      head === undefined ? 1 : head.sequence + (index === newest ? 0 : 1);
    yield { entry, below: heads.map(readTo) };
    heads[newest] = await headOf(stream);
  }
}

async function headOf(stream: AsyncGenerator<StoredEntry>): Promise<StoredEntry | undefined> {
  const { done, value } = await stream.next();
  return done === true ? undefined : value;
}
