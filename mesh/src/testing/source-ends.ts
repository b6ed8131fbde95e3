// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { isNotFound } from "../broker/broker-error.ts";
import type { Broker } from "../broker/connection.ts";
import { streamInfo } from "../broker/ensure-stream.ts";

/** The last message of a stream that another one takes from it. */
export interface SourceEnd {
  readonly stream: string;
  readonly origin: string;
  /** Its sequence in the origin; 0: there is none. */
  readonly last: number;
}

/** Asks how much there is for a stream in those that it takes from; none where it is not there. */
export async function sourceEnds(broker: Broker, stream: string): Promise<readonly SourceEnd[]> {
  const info = await streamInfo(broker, stream);
  const sources = info?.config.sources ?? [];
  return Promise.all(
    sources.map(async ({ name: origin, subject_transforms: [transform] = [] }) => {
      const last = transform?.src === undefined ? 0 : await lastOf(broker, origin, transform.src);
      return { stream, origin, last };
    }),
  );
}

async function lastOf(broker: Broker, stream: string, filter: string): Promise<number> {
  try {
    return (await broker.manager.streams.getMessage(stream, { last_by_subj: filter }))?.seq ?? 0;
  } catch (error) {
    if (isNotFound(error)) return 0;
    throw error;
  }
}
