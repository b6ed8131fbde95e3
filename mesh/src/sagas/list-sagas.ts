// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { SagaStatus, SagaSummary } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { pageToken, readPageToken } from "../page-token.ts";
import { endedStatuses, type SagaIndex } from "./saga-index.ts";

/** Which sagas are listed. */
export interface SagaQuery {
  /** Default: any. */
  readonly agent?: string | undefined;
  /** Default: any. */
  readonly saga?: string | undefined;
  /** Empty: any. */
  readonly statuses: readonly SagaStatus[];
  /** Changed at or after, in milliseconds since the epoch. */
  readonly changedAfter?: number | undefined;
  /** Changed before. */
  readonly changedBefore?: number | undefined;
  readonly pageSize: number;
  /** Empty: from the beginning. */
  readonly pageToken: string;
}

/** One page of sagas. */
export interface SagaPage {
  readonly sagas: readonly SagaSummary[];
  /** Empty: this was all. */
  readonly nextPageToken: string;
}

/** How a saga stands by its history; undefined when it has none. */
export type Verify = (noted: SagaSummary) => Promise<SagaSummary | undefined>;

/**
 * A page of sagas: those that are not over first, then those that are, each by their newest change. What the index says of
 * the first is checked against their histories.
 *
 * @throws MeshError INVALID_MESSAGE for a page token that is none
 */
export async function listSagas(index: SagaIndex, query: SagaQuery, verify: Verify): Promise<SagaPage> {
  const place = readPageToken(query.pageToken, { open: 1, ended: 1 });
  const [at = 0] = place?.at ?? [];
  if (place?.part === "ended") return endedPage(index, query, at);
  const sagas: SagaSummary[] = [];
  if (query.statuses.length === 0 || query.statuses.some((status) => !endedStatuses.has(status))) {
    const noted = (await index.openSagas()).filter((one) => isOf(one, query)).sort(byChange);
    let forgotten = 0;
    for (const [offset, one] of noted.entries()) {
      if (offset < at) continue;
      // What is forgotten here is missing from the list that the next page is taken of.
      if (sagas.length >= query.pageSize)
        return { sagas, nextPageToken: pageToken({ part: "open", at: [offset - forgotten] }) };
      const now = await verify(one);
      if (now === undefined || endedStatuses.has(now.status)) {
        await index.forgetOpen(one);
        forgotten++;
      } else if (matches(now, query)) sagas.push(now);
    }
  }
  if (sagas.length >= query.pageSize) return { sagas, nextPageToken: endedBelow(Number.MAX_SAFE_INTEGER) };
  const rest = await endedPage(index, { ...query, pageSize: query.pageSize - sagas.length });
  return { sagas: [...sagas, ...rest.sagas], nextPageToken: rest.nextPageToken };
}

async function endedPage(index: SagaIndex, query: SagaQuery, below?: number): Promise<SagaPage> {
  const sagas: SagaSummary[] = [];
  const { statuses, changedAfter = 0, pageSize } = query;
  if (statuses.length > 0 && !statuses.some((status) => endedStatuses.has(status))) return { sagas, nextPageToken: "" };
  for await (const entry of index.endedSagas(below)) {
    if ("stoppedAt" in entry) return { sagas, nextPageToken: endedBelow(entry.stoppedAt) };
    if (sagas.length >= pageSize) return { sagas, nextPageToken: endedBelow(entry.sequence + 1) };
    // They are noted when they end, give or take the clocks of two hosts.
    if (changeOf(entry.summary) < changedAfter - 60_000) break;
    if (matches(entry.summary, query)) sagas.push(entry.summary);
  }
  return { sagas, nextPageToken: "" };
}

function isOf({ agent, saga }: SagaSummary, query: SagaQuery): boolean {
  return (query.agent ?? agent) === agent && (query.saga ?? saga) === saga;
}

function matches(summary: SagaSummary, query: SagaQuery): boolean {
  const { statuses, changedAfter = 0, changedBefore = Number.POSITIVE_INFINITY } = query;
  const changed = changeOf(summary);
  const isWanted = statuses.length === 0 || statuses.includes(summary.status);
  return isOf(summary, query) && isWanted && changed >= changedAfter && changed < changedBefore;
}

function changeOf({ changedAt }: SagaSummary): number {
  return changedAt === undefined ? 0 : timestampMs(changedAt);
}

function byChange(a: SagaSummary, b: SagaSummary): number {
  return changeOf(b) - changeOf(a) || (a.sagaId < b.sagaId ? -1 : 1);
}

function endedBelow(sequence: number): string {
  return pageToken({ part: "ended", at: [sequence] });
}
