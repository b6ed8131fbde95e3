// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Attributes, Meter, Observable } from "@opentelemetry/api";
import { ownAttribute, ownMetric } from "./semantic-names.ts";

/** How a hearer's queue stands now. */
export interface QueueReading {
  readonly agent: string;
  readonly hearer: string;
  /** Messages not yet delivered. */
  readonly depth: number;
  /** Messages delivered and not yet settled. */
  readonly inFlight: number;
  /** Dead letters of it that nobody has redriven or discarded. */
  readonly dead: number;
}

/** Reads queues; asked once per metric export. What it throws loses its own readings only. */
export type QueueReader = () => Promise<readonly QueueReading[]>;

const readers = new Set<QueueReader>();

/** Reports the queues that `reader` knows as gauges, as long as there is an SDK. Returns a function that ends it. */
export function watchQueues(reader: QueueReader): () => void {
  readers.add(reader);
  return () => readers.delete(reader);
}

/** Puts the gauges of all watched queues on a meter. */
export function addQueueGauges(meter: Meter): void {
  const gauge = (name: string, unit: string, description: string): Observable =>
    meter.createObservableGauge(name, { description, unit });
  const depth = gauge(ownMetric.queueDepth, "{message}", "Messages not yet delivered to a hearer");
  const inFlight = gauge(ownMetric.queueInFlight, "{message}", "Messages delivered to a hearer and not yet settled");
  const dead = gauge(ownMetric.deadLettersWaiting, "{message}", "Dead letters of a hearer that wait for an operator");
  meter.addBatchObservableCallback(
    async (result) => {
      const outcomes = await Promise.allSettled([...readers].map((read) => read()));
      for (const reading of outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []))) {
        const attributes: Attributes = {
          [ownAttribute.agent]: reading.agent,
          [ownAttribute.hearer]: reading.hearer,
        };
        result.observe(depth, reading.depth, attributes);
        result.observe(inFlight, reading.inFlight, attributes);
        result.observe(dead, reading.dead, attributes);
      }
    },
    [depth, inFlight, dead],
  );
}
