// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { StoredMsg } from "@nats-io/jetstream";
import { JetStreamStatusError } from "@nats-io/jetstream/internal";
import { brokerError, isNotFound } from "./broker-error.ts";
import type { Broker } from "./connection.ts";

/** A message of a journal stream, as it is stored. */
export interface StoredEntry {
  readonly sequence: number;
  readonly subject: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Uint8Array;
  /** Milliseconds since the epoch, by the broker's clock. */
  readonly storedAt: number;
}

/** Messages that one request of a batch brings. */
const pageSize = 1_000;

/**
 * All messages of a filter after a sequence, in order. Any replica may answer, so what was stored within the last moments may
 * be missing: optimistic concurrency finds out.
 */
export async function readAfter(
  broker: Broker,
  stream: string,
  from: { readonly filter: string; readonly sequence: number },
): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for (let next = from.sequence + 1; ; ) {
    const page = await readPage(broker, stream, { seq: next, next_by_subj: from.filter, batch: pageSize });
    entries.push(...page);
    const last = page.at(-1);
    if (page.length < pageSize || last === undefined) return entries;
    next = last.sequence + 1;
  }
}

interface Page {
  readonly seq: number;
  readonly next_by_subj: string;
  readonly batch: number;
}

async function readPage(broker: Broker, stream: string, page: Page): Promise<StoredEntry[]> {
  try {
    const found: StoredEntry[] = [];
    for await (const message of await broker.manager.direct.getBatch(stream, page)) found.push(storedEntry(message));
    return found;
  } catch (error) {
    if (isNothing(error)) return [];
    throw brokerError(error, `reading "${page.next_by_subj}" of stream "${stream}"`);
  }
}

/** The newest message of a subject. `certain` asks the leader, who knows even what was stored this instant. */
export async function readLast(
  broker: Broker,
  stream: string,
  subject: { readonly of: string; readonly certain: boolean },
): Promise<StoredEntry | undefined> {
  const query = { last_by_subj: subject.of };
  try {
    const { manager } = broker;
    const found = subject.certain
      ? await manager.streams.getMessage(stream, query)
      : await manager.direct.getMessage(stream, query);
    return found === null ? undefined : storedEntry(found);
  } catch (error) {
    if (isNothing(error)) return undefined;
    throw brokerError(error, `reading "${subject.of}" of stream "${stream}"`);
  }
}

function isNothing(error: unknown): boolean {
  return isNotFound(error) || (error instanceof JetStreamStatusError && error.code === 404);
}

function storedEntry(message: StoredMsg): StoredEntry {
  const headers = new Map<string, string>();
  for (const name of message.header.keys()) headers.set(name.toLowerCase(), message.header.last(name));
  return {
    sequence: message.seq,
    subject: message.subject,
    headers,
    payload: message.data,
    storedAt: message.time.getTime(),
  };
}

/**
 * The sequence up to which every stream that sources a journal durably has stored what concerns it; the journal's last one
 * when all of them have everything. Conservative: what a sourcing stream has been sent and not confirmed is not counted.
 */
export async function sourcedFloor(broker: Broker, stream: string): Promise<number> {
  try {
    // Asked first: what is stored after this moment is not counted by the consumers below.
    const { state } = await broker.manager.streams.info(stream);
    let floor = state.last_seq;
    for await (const consumer of broker.manager.consumers.list(stream)) {
      if (consumer.config.ack_policy !== "flow_control") continue;
      const isDone = consumer.num_pending === 0 && consumer.num_ack_pending === 0;
      if (!isDone) floor = Math.min(floor, consumer.ack_floor.stream_seq);
    }
    return floor;
  } catch (error) {
    throw brokerError(error, `asking how far stream "${stream}" is sourced`);
  }
}

/** Removes what is older than `sequence` of a filter. Never `keep`: that would remove what is not sourced yet. */
export async function purgeBelow(
  broker: Broker,
  stream: string,
  what: { readonly filter: string; readonly sequence: number },
): Promise<void> {
  try {
    await broker.manager.streams.purge(stream, { filter: what.filter, seq: what.sequence });
  } catch (error) {
    throw brokerError(error, `compacting "${what.filter}" of stream "${stream}"`);
  }
}

/** The newest sequence of a stream; 0: it never held anything. */
export async function lastSequence(broker: Broker, stream: string): Promise<number> {
  try {
    return (await broker.manager.streams.info(stream)).state.last_seq;
  } catch (error) {
    throw brokerError(error, `asking for the last sequence of stream "${stream}"`);
  }
}
