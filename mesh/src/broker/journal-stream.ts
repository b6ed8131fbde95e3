// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { JetStreamStatusError } from "@nats-io/jetstream/internal";
import { MeshError } from "../mesh-error.ts";
import { brokerError, isNotFound } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { type DirectPage, directPage, type PageQuery } from "./direct-page.ts";
import { defaultReplicas } from "./ensure-stream.ts";
import { patiently } from "./patience.ts";
import { readEntry, type StoredEntry, storedEntry } from "./stored-entry.ts";

/** Most messages that one request brings. */
const pageSize = 1_000;

/**
 * All messages of a filter after a sequence, in order: at least those that were stored before the call. Pages come from any
 * replica, which may be behind; so in a cluster the leader is asked for the newest one at the same time, and what a replica
 * does not have yet is asked for again. Patient while the broker has no leader.
 *
 * @throws MeshError BROKER_UNAVAILABLE after twenty seconds, JOURNAL_BROKEN when the stream is not there
 */
export async function readAfter(
  broker: Broker,
  stream: string,
  from: { readonly filter: string; readonly sequence: number },
): Promise<readonly StoredEntry[]> {
  const { filter } = from;
  // Kept over the tries: a replica that is behind is only asked for what it did not have.
  let entries: readonly StoredEntry[] = [];
  return patiently(broker, `reading "${filter}" of stream "${stream}" up to its newest message`, async () => {
    const known = entries;
    const sequence = known.at(-1)?.sequence ?? from.sequence;
    // Asked anew each time: what was the newest may have been compacted since.
    const [newest, more] = await Promise.all([
      defaultReplicas(broker) > 1 ? readLast(broker, stream, { of: filter, certain: true }) : undefined,
      readPages(broker, stream, { filter, sequence }),
    ]);
    const all = [...known, ...more];
    const last = all.at(-1)?.sequence ?? from.sequence;
    if (newest === undefined || last >= newest.sequence) return all;
    entries = all;
    throw behind(stream, { last, newest: newest.sequence });
  });
}

/** What one replica after the other has of it. */
async function readPages(
  broker: Broker,
  stream: string,
  from: { readonly filter: string; readonly sequence: number },
): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for (let next = from.sequence + 1; ; ) {
    const query = { filter: from.filter, from: next, maxMessages: pageSize };
    const { messages, remaining } = await readPatiently(broker, stream, query);
    for (const message of messages) entries.push(readEntry(message));
    const last = entries.at(-1);
    if (remaining === 0 || messages.length === 0 || last === undefined) return entries;
    next = last.sequence + 1;
  }
}

function behind(stream: string, at: { readonly last: number; readonly newest: number }): MeshError {
  const message = `a replica of stream "${stream}" has sequence ${at.last} where its leader has ${at.newest}`;
  return new MeshError({ code: "BROKER_UNAVAILABLE", message });
}

async function readPatiently(broker: Broker, stream: string, query: PageQuery): Promise<DirectPage> {
  return patiently(broker, `reading "${query.filter}" of stream "${stream}"`, async () => {
    try {
      return await directPage(broker, stream, query);
    } catch (error) {
      // Nobody answers for a stream that is gone, as for one without a leader: only the first is worth an error at once.
      if (await isGone(broker, stream)) throw gone(stream);
      throw error;
    }
  });
}

async function isGone(broker: Broker, stream: string): Promise<boolean> {
  try {
    await broker.manager.streams.info(stream);
    return false;
  } catch (error) {
    return isNotFound(error);
  }
}

function gone(stream: string): MeshError {
  const message =
    `there is no stream "${stream}": if it was deleted, restore it together with EVENTS and COMMANDS and restart the host; ` +
    `if it is new, name the journal under "journals" of the agent, so that the host makes its stream`;
  return new MeshError({ code: "JOURNAL_BROKEN", message });
}

/** @throws MeshError JOURNAL_BROKEN when a stream is not there; says nothing when the broker does not */
export async function assertStreamIsThere(broker: Broker, stream: string): Promise<void> {
  if (await isGone(broker, stream)) throw gone(stream);
}

/** The newest message of a subject, or of a filter. `certain` asks the leader, who knows even what was stored this instant. */
export async function readLast(
  broker: Broker,
  stream: string,
  subject: { readonly of: string; readonly certain: boolean },
): Promise<StoredEntry | undefined> {
  const query = { last_by_subj: subject.of };
  const { manager } = broker;
  return patiently(broker, `reading "${subject.of}" of stream "${stream}"`, async () => {
    try {
      const found = subject.certain
        ? await manager.streams.getMessage(stream, query)
        : await manager.direct.getMessage(stream, query);
      return found === null ? undefined : storedEntry(found);
    } catch (error) {
      if (isNothing(error)) return undefined;
      if (await isGone(broker, stream)) throw gone(stream);
      throw error;
    }
  });
}

function isNothing(error: unknown): boolean {
  return isNotFound(error) || (error instanceof JetStreamStatusError && error.code === 404);
}

/** The consumers of a journal through which it is sourced; without one of them nobody knows what it has not brought yet. */
const sourcing: readonly string[] = ["EVENTS", "COMMANDS"];

/**
 * The sequence up to which every stream that sources a journal durably has stored what concerns it; the journal's last one
 * when all of them have everything. Conservative: what a sourcing stream has been sent and not confirmed is not counted.
 */
export async function sourcedFloor(broker: Broker, stream: string): Promise<number> {
  try {
    // Asked first: what is stored after this moment is not counted by the consumers below.
    const { state } = await broker.manager.streams.info(stream);
    let floor = state.last_seq;
    const missing = new Set(sourcing);
    for await (const consumer of broker.manager.consumers.list(stream)) {
      if (consumer.config.ack_policy !== "flow_control") continue;
      missing.delete(consumer.name);
      const isDone = consumer.num_pending === 0 && consumer.num_ack_pending === 0;
      if (!isDone) floor = Math.min(floor, consumer.ack_floor.stream_seq);
    }
    return missing.size > 0 ? 0 : floor;
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
