// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "./connection.ts";
import { patiently } from "./patience.ts";

/**
 * The sequence of a stream up to which its durable consumers have settled everything that is theirs: the lowest of them all; 0
 * when there are none.
 *
 * @param filter only those that listen to a part of it; default: all
 */
export async function settledFloor(broker: Broker, stream: string, filter?: string): Promise<number> {
  return patiently(broker, `consumers of stream "${stream}"`, async () => {
    const floors: number[] = [];
    for await (const { config, ack_floor } of broker.manager.consumers.list(stream)) {
      const heard = config.filter_subjects ?? (config.filter_subject === undefined ? [] : [config.filter_subject]);
      const isMeant = filter === undefined || heard.some((one) => covers(filter, one));
      if (isMeant && config.ack_policy === "explicit") floors.push(ack_floor.stream_seq);
    }
    return floors.length === 0 ? 0 : Math.min(...floors);
  });
}

/** Whether everything that `part` stands for belongs to `whole`; both have the same number of tokens. */
function covers(whole: string, part: string): boolean {
  const parts = part.split(".");
  const tokens = whole.split(".");
  return tokens.length === parts.length && tokens.every((token, index) => token === "*" || token === parts[index]);
}
