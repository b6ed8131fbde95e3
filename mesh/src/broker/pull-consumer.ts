// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { ConsumerConfig } from "@nats-io/jetstream";
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
      await broker.manager.consumers.add(stream, {
        ...changeable,
        durable_name: name,
        ack_policy: "explicit",
        deliver_policy,
      });
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
  /** Takes no more messages. What is being worked on goes on; its end is the owner's to wait for. */
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

/**
 * Pulls until stopped; fails when the consumer is gone or the broker silent. Never asks for more than can be begun at once:
 * a message that waits here would run out of its time without anybody saying that it is alive.
 */
async function pullOnce(broker: Broker, options: PullOptions, stopping: AbortSignal): Promise<void> {
  const { durable, maxMessages, onMessage } = options;
  const consumer = await broker.jetstream.consumers.get(durable.stream, durable.name);
  const unfinished = new Set<Promise<void>>();
  while (!stopping.aborted) {
    const free = maxMessages - unfinished.size;
    if (free === 0) {
      await Promise.race(unfinished);
      continue;
    }
    const messages = await consumer.fetch({ max_messages: free, expires: 5_000, idle_heartbeat: 1_000 });
    const end = () => void messages.close();
    stopping.addEventListener("abort", end, { once: true });
    try {
      if (stopping.aborted) end();
      for await (const message of messages) {
        const work: Promise<void> = onMessage(pulledMessage(message)).finally(() => unfinished.delete(work));
        unfinished.add(work);
      }
    } finally {
      stopping.removeEventListener("abort", end);
    }
  }
}
