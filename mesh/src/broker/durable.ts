// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { isDeepStrictEqual } from "node:util";
import { type ConsumerConfig, type ConsumerInfo, JetStreamApiError } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { brokerError, isNotFound } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { patiently } from "./patience.ts";
import { firstOf } from "./stored-entry.ts";
import { durableName } from "./subjects.ts";

/**
 * Milliseconds within which a pulled message must be settled or said to be worked on; then it goes to another instance. Also
 * how late the work of a dead instance goes on. Not below 5 000: what is taken for dead too early is done twice.
 */
export const ackWaitMs = 6_000;

/** Milliseconds after which the broker pins a durable to another puller when the one it is pinned to does not ask again. */
export const pinTimeoutMs = 4_000;
/** The only group of a pinned durable. */
export const pinGroup = "owner";

/** The broker's words for: somebody else has just made it, with other settings. */
const madeMeanwhile: ReadonlySet<number> = new Set([10013, 10105, 10148]);

/** A durable place in a stream, shared by all instances that pull from it. */
export interface Durable {
  readonly stream: string;
  readonly name: string;
  readonly filters: readonly string[];
  /** Where a new one begins; without effect on one that exists. */
  readonly from: "now" | "retained";
  /** Messages that all instances together may hold unsettled; default 1 000. */
  readonly maxUnsettled?: number | undefined;
  /** Default {@link ackWaitMs}; who sets it tells the broker of work in progress accordingly. */
  readonly ackWaitMs?: number | undefined;
  /** Serves one puller at a time, another only when that one is gone. Default: all of them in turn. */
  readonly pinned?: boolean | undefined;
  /** Milliseconds without anybody who pulls, after which the broker forgets it; default: never. */
  readonly forgetAfterMs?: number | undefined;
}

/** A durable that is there now. */
export interface EnsuredDurable {
  /** The first sequence that may not be settled yet. */
  readonly next: number;
  /** Whether it had to be made. */
  readonly isNew: boolean;
}

/**
 * Sees to it that a durable is there and listens to its filters. The place of one that exists stays as it is.
 *
 * @param resumeAt where to begin when it has to be made although it once was there; default: as `from` says
 * @throws MeshError NOT_FOUND when the stream is not there, BROKER_UNAVAILABLE when the broker does not answer.
 */
export async function ensureDurable(broker: Broker, durable: Durable, resumeAt?: number): Promise<EnsuredDurable> {
  return patiently(broker, `consumer "${durable.name}" of stream "${durable.stream}"`, async () => {
    const existing = await consumerInfo(broker, durable);
    const current = existing ?? (await make(broker, durable, resumeAt));
    const wanted = changeable(durable);
    if (existing !== undefined && !holds(existing.config, wanted)) {
      await broker.manager.consumers.update(durable.stream, durable.name, wanted);
    }
    return { next: current.ack_floor.stream_seq + 1, isNew: existing === undefined };
  });
}

/** The sequence up to which a durable has settled everything, and one more. */
export async function firstOpen(broker: Broker, durable: Pick<Durable, "stream" | "name">): Promise<number> {
  const what = `consumer "${durable.name}" of stream "${durable.stream}"`;
  const info = await patiently(broker, what, () => consumerInfo(broker, durable));
  return (info?.ack_floor.stream_seq ?? 0) + 1;
}

/** Whether a durable is there. */
export async function isPresent(broker: Broker, durable: Pick<Durable, "stream" | "name">): Promise<boolean> {
  const what = `consumer "${durable.name}" of stream "${durable.stream}"`;
  return patiently(broker, what, async () => (await consumerInfo(broker, durable)) !== undefined);
}

/**
 * The first message that a durable may not have settled, as its sequence; of one that has settled all, the next one that the
 * stream stores. Undefined when the durable is not there.
 */
export async function firstUnsettled(
  broker: Broker,
  { stream, name }: Pick<Durable, "stream" | "name">,
): Promise<number | undefined> {
  return patiently(broker, `consumer "${name}" of stream "${stream}"`, async () => {
    const info = await consumerInfo(broker, { stream, name });
    if (info === undefined) return undefined;
    const { state } = await broker.manager.streams.info(stream);
    // What it has not delivered yet may stand far behind the last that it has: others' messages are between them.
    const from = 1 + (info.num_ack_pending > 0 ? info.ack_floor : info.delivered).stream_seq;
    const { filter_subjects = [], filter_subject } = info.config;
    const filters = filter_subject === undefined ? filter_subjects : [filter_subject];
    const firsts = await Promise.all(filters.map((filter) => firstOf(broker, stream, { filter, from })));
    return Math.min(state.last_seq + 1, ...firsts.flatMap((first) => (first === undefined ? [] : [first.sequence])));
  });
}

/** What the broker says of a durable. */
export type DurableInfo = Pick<ConsumerInfo, "name" | "config">;

/** What the broker says of the durables whose name is that of another one and a further part. */
export async function durablesUnder(
  broker: Broker,
  { stream, name }: Pick<Durable, "stream" | "name">,
): Promise<readonly ConsumerInfo[]> {
  return patiently(broker, `the durables under "${name}" in stream "${stream}"`, async () => {
    const found: ConsumerInfo[] = [];
    for await (const info of broker.manager.consumers.list(stream)) {
      if (info.name.startsWith(`${name}~`)) found.push(info);
    }
    return found;
  });
}

/** When a stream was made, as the broker says it: another time is another stream. */
export async function streamMade(broker: Broker, stream: string): Promise<string> {
  return patiently(broker, `stream "${stream}"`, async () => (await broker.manager.streams.info(stream)).created);
}

/** Forgets a durable; no matter when it is not there. */
export async function forgetDurable(broker: Broker, { stream, name }: Pick<Durable, "stream" | "name">): Promise<void> {
  try {
    await broker.manager.consumers.delete(stream, name);
  } catch (error) {
    if (!isNotFound(error)) throw brokerError(error, `forgetting consumer "${name}" of stream "${stream}"`);
  }
}

async function make(broker: Broker, durable: Durable, resumeAt: number | undefined): Promise<ConsumerInfo> {
  const begin: Partial<ConsumerConfig> =
    resumeAt === undefined
      ? { deliver_policy: durable.from === "now" ? "new" : "all" }
      : { deliver_policy: "by_start_sequence", opt_start_seq: resumeAt };
  try {
    return await broker.manager.consumers.add(durable.stream, {
      ...changeable(durable),
      ...begin,
      durable_name: durable.name,
      ack_policy: "explicit",
    });
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || !madeMeanwhile.has(error.code)) throw error;
    return broker.manager.consumers.info(durable.stream, durable.name);
  }
}

function changeable(durable: Durable): Partial<ConsumerConfig> {
  return {
    filter_subjects: [...durable.filters],
    ack_wait: nanos(Math.max(5_000, durable.ackWaitMs ?? ackWaitMs)),
    // Whether to give up is the mesh's decision, with a dead letter; the broker alone would just stop delivering.
    max_deliver: -1,
    max_ack_pending: durable.maxUnsettled ?? 1_000,
    ...(durable.pinned === true
      ? { priority_policy: "pinned_client", priority_groups: [pinGroup], priority_timeout: nanos(pinTimeoutMs) }
      : {}),
    ...(durable.forgetAfterMs === undefined ? {} : { inactive_threshold: nanos(durable.forgetAfterMs) }),
  };
}

async function consumerInfo(
  broker: Broker,
  { stream, name }: Pick<Durable, "stream" | "name">,
): Promise<ConsumerInfo | undefined> {
  try {
    return await broker.manager.consumers.info(stream, name);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function holds(actual: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(actual[name], value));
}

/** Gives a pin away to whoever waits for it longest; no matter when nobody has it. */
export async function unpin(broker: Broker, { stream, name }: Durable): Promise<void> {
  await broker.connection.request(`$JS.API.CONSUMER.UNPIN.${stream}.${name}`, JSON.stringify({ group: pinGroup }));
}

/**
 * The filters of all durables of a hearer, however many it has (one for each lane or partition); none when it has no durable.
 *
 * @throws MeshError NOT_FOUND when the stream is not there, BROKER_UNAVAILABLE
 */
export async function durableFilters(
  broker: Broker,
  stream: string,
  { agent, hearer }: { readonly agent: string; readonly hearer: string },
): Promise<readonly string[]> {
  const name = durableName(agent, hearer);
  return patiently(broker, `the durables of "${name}" in stream "${stream}"`, async () => {
    const filters: string[] = [];
    for await (const info of broker.manager.consumers.list(stream)) {
      if (info.name !== name && !info.name.startsWith(`${name}~`)) continue;
      const { filter_subject, filter_subjects } = info.config;
      filters.push(...(filter_subjects ?? []), ...(filter_subject === undefined ? [] : [filter_subject]));
    }
    return filters;
  });
}
