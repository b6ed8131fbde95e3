// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { streamInfo } from "../broker/ensure-stream.ts";
import { lastOf } from "../broker/stored-entry.ts";

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
      const newest = transform?.src === undefined ? undefined : await lastOf(broker, origin, transform.src);
      return { stream, origin, last: newest?.sequence ?? 0 };
    }),
  );
}
