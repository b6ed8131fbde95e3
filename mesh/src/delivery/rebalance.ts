// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import type { Durable } from "../broker/durable.ts";
import { durableProgress } from "../broker/durable-progress.ts";
import type { Pull } from "../broker/pull-consumer.ts";
import type { Partition } from "./partition.ts";

/** Real milliseconds between two looks at who shares the partitions of a hearer. */
const lookMs = 2_000;
/** Partitions that are asked how many wait for them. */
const asked = 3;

/** One partition with what pulls from it. */
export interface PulledPartition {
  readonly durable: Durable;
  readonly partition: Partition;
  readonly pull: Pull;
}

/**
 * Shares the partitions of a hearer among the instances that pull from them: an instance that has more than its part gives
 * the rest away, one that is new gets them. Each instance looks for itself, at how many wait for the partitions it has.
 * Returns a function that ends it.
 */
export function rebalancing(broker: Broker, all: readonly PulledPartition[]): () => void {
  let before = 0;
  let busy = false;
  const look = async () => {
    const excess = await excessOf(broker, all);
    // Twice in a row: between two requests an instance seems not to be there.
    const tooMany = Math.min(excess, before);
    before = excess;
    if (tooMany < 1) return;
    before = 0;
    const given = all
      .filter(({ partition }) => partition.isOwned)
      .toSorted((a, b) => a.partition.size - b.partition.size);
    // Not waited for: a key that waits for its retry may take long.
    for (const { partition, pull } of given.slice(0, tooMany)) partition.giveAway(pull).catch(() => {});
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void look()
      .catch(() => {})
      .finally(() => {
        busy = false;
      });
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** How many partitions this instance has beyond its part. */
async function excessOf(broker: Broker, all: readonly PulledPartition[]): Promise<number> {
  const owned = all.filter(({ partition }) => partition.isOwned);
  if (owned.length < 2) return 0;
  const others = await Promise.all(
    owned.slice(0, asked).map(async ({ durable, pull }) => {
      const own = pull.requests;
      return (await durableProgress(broker, durable)).waiting - own;
    }),
  );
  const instances = 1 + Math.max(0, Math.min(...others));
  return owned.length - Math.ceil(all.length / instances);
}
