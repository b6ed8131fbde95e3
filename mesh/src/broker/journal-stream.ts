// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { JetStreamStatusError } from "@nats-io/jetstream/internal";
import { MeshError } from "../mesh-error.ts";
import { brokerError, isNotFound } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { patiently } from "./patience.ts";
import { lastOf, type StoredEntry, storedEntry } from "./stored-entry.ts";
import { forwards } from "./stream-scan.ts";

/** Most messages that one request brings. */
const pageSize = 1_000;

/**
 * All messages of a filter after a sequence, in order: at least those that were stored before the call. Patient while the
 * broker has no leader.
 *
 * @throws MeshError BROKER_UNAVAILABLE after twenty seconds, JOURNAL_BROKEN when the stream is not there
 */
export async function readAfter(
  broker: Broker,
  stream: string,
  after: { readonly filter: string; readonly sequence: number },
): Promise<readonly StoredEntry[]> {
  const query = { stream, filter: after.filter, from: after.sequence + 1, atOnce: pageSize };
  try {
    return await Array.fromAsync(forwards(broker, query));
  } catch (error) {
    throw error instanceof MeshError && error.code === "NOT_FOUND" ? gone(stream) : error;
  }
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
  return patiently(broker, `reading "${subject.of}" of stream "${stream}"`, async () => {
    try {
      if (subject.certain) return await lastOf(broker, stream, subject.of);
      const found = await broker.manager.direct.getMessage(stream, { last_by_subj: subject.of });
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
