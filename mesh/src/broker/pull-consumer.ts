// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { ConsumerConfig, ConsumerMessages } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { isNotFound } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { patiently } from "./patience.ts";
import { type PulledMessage, pulledMessage } from "./pulled-message.ts";

/**
 * Milliseconds within which a pulled message must be settled or said to be worked on; then it goes to another instance. Also
 * how late the work of a dead instance goes on.
 */
export const ackWaitMs = 6_000;

/** A durable place in a stream, shared by all instances that pull from it. */
export interface Durable {
  readonly stream: string;
  readonly name: string;
  readonly filters: readonly string[];
  /** Where a new one begins; without effect on one that exists. */
  readonly from: "now" | "retained";
  /** Messages that all instances together may hold unsettled; default 1 000. */
  readonly maxUnsettled?: number | undefined;
}

/** Sees to it that a durable is there and listens to its filters. Its place in the stream stays as it is. */
export async function ensureDurable(broker: Broker, durable: Durable): Promise<void> {
  const { stream, name, filters, from, maxUnsettled = 1_000 } = durable;
  const changeable = {
    filter_subjects: [...filters],
    ack_wait: nanos(ackWaitMs),
    // Whether to give up is the mesh's decision, with a dead letter; the broker alone would just stop delivering.
    max_deliver: -1,
    max_ack_pending: maxUnsettled,
  } satisfies Partial<ConsumerConfig>;
  await patiently(`consumer "${name}" of stream "${stream}"`, async () => {
    try {
      await broker.manager.consumers.update(stream, name, changeable);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const deliver_policy = from === "now" ? "new" : "all";
      await broker.manager.consumers.add(stream, { ...changeable, durable_name: name, ack_policy: "explicit", deliver_policy });
    }
  });
}

/** How to pull. */
export interface PullOptions {
  readonly durable: Durable;
  /** Most messages in this process at once, waiting or being worked on. */
  readonly maxMessages: number;
  /** Takes a message; the next one is pulled when fewer than `maxMessages` are unfinished. Must not throw. */
  readonly onMessage: (message: PulledMessage) => Promise<void>;
}

/** A pull in progress. */
export interface Pull {
  /** Takes no more messages. Those not yet handed over go back to the broker. */
  stop(): Promise<void>;
}

/** Milliseconds between two looks at a broker that does not answer. */
const pauseMs = 250;

/**
 * Pulls from a durable until stopped. A restart of the broker, a new leader and a deleted consumer are got over: the consumer
 * is made again and pulling begins anew.
 */
export function pull(broker: Broker, options: PullOptions): Pull {
  const stopping = new AbortController();
  const running = pullAlways(broker, options, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function pullAlways(broker: Broker, options: PullOptions, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted && !broker.connection.isClosed()) {
    try {
      await pullOnce(broker, options, stopping);
    } catch {
      await delay(pauseMs);
      await ensureDurable(broker, options.durable).catch(() => {});
    }
  }
}

/** Pulls until stopped, or until the client library reports that the consumer is gone or silent. */
async function pullOnce(broker: Broker, options: PullOptions, stopping: AbortSignal): Promise<void> {
  const { durable, maxMessages, onMessage } = options;
  const consumer = await broker.jetstream.consumers.get(durable.stream, durable.name);
  const messages = await consumer.consume({
    max_messages: maxMessages,
    // The next are asked for as soon as one is taken: none waits here for longer than it must.
    threshold_messages: Math.max(1, maxMessages - 1),
    idle_heartbeat: 1_000,
    expires: 10_000,
  });
  const end = () => void messages.close();
  stopping.addEventListener("abort", end, { once: true });
  if (stopping.aborted) end();
  const trouble = watch(messages);
  const unfinished = new Set<Promise<void>>();
  try {
    for await (const message of messages) {
      const pulled = pulledMessage(message);
      if (stopping.aborted) {
        pulled.nak(1);
        continue;
      }
      const work = onMessage(pulled).finally(() => unfinished.delete(work));
      unfinished.add(work);
      if (unfinished.size >= maxMessages) await Promise.race(unfinished);
    }
  } finally {
    stopping.removeEventListener("abort", end);
  }
  if (trouble.seen && !stopping.aborted) throw new Error(`consumer "${durable.name}" has to be made again`);
}

/** Ends the messages when the consumer is gone or heartbeats stay out; the client would wait on without an end. */
function watch(messages: ConsumerMessages): { seen: boolean } {
  const trouble = { seen: false };
  void (async () => {
    for await (const { type } of messages.status()) {
      if (!endings.has(type)) continue;
      trouble.seen = true;
      await messages.close();
    }
  })().catch(() => {});
  return trouble;
}

const endings: ReadonlySet<string> = new Set([
  "heartbeats_missed",
  "consumer_not_found",
  "consumer_deleted",
  "stream_not_found",
  "no_responders",
]);
