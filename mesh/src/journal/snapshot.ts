// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage } from "@bufbuild/protobuf";
import type { StoredEntry } from "../broker/stored-entry.ts";
import { logger } from "../telemetry/logger.ts";
import type { Journal } from "./define-journal.ts";
import { frozen } from "./frozen.ts";
import { journalHeader } from "./journal-header.ts";
import { Handled, type HandledReply, type KeyState } from "./key-state.ts";
import { decodePlain, encodePlain } from "./plain-text.ts";

/** What a snapshot holds. */
interface Snapshot<S> {
  readonly state: S;
  readonly version: number;
  readonly handled: readonly (readonly [cause: string, reply: HandledReply])[];
}

/**
 * Bytes of replies that a snapshot holds at most, the latest ones: they must leave room for the state within the broker's
 * largest message, or a hot key could not be snapshotted any more.
 */
const maxRepliesBytes = 256 * 1024;

/**
 * A key as the payload of its snapshot, with the reply of the commit that stores it: the event that carries the reply is
 * covered by the snapshot and not read again. Replies that nobody can ask for any more are left out.
 */
export function snapshotPayload<S>(
  key: KeyState<S>,
  { since, own }: { readonly since: number; readonly own: readonly [cause: string, reply: HandledReply] | undefined },
): Uint8Array {
  const handled = key.handled.since(since);
  const snapshot: Snapshot<S> = {
    state: key.state,
    version: key.version,
    handled: latest(own === undefined ? handled : [...handled, own]),
  };
  return new TextEncoder().encode(encodePlain(snapshot));
}

/** The latest replies that fit, oldest first. */
function latest(handled: Snapshot<unknown>["handled"]): Snapshot<unknown>["handled"] {
  let bytes = 0;
  const first = handled.findLastIndex(([cause, { reply }]) => {
    bytes += cause.length + Buffer.byteLength(reply) + 64;
    return bytes > maxRepliesBytes;
  });
  return handled.slice(first + 1);
}

/** The version of the journal that a snapshot was folded with. */
export function writerOf(stored: StoredEntry): number {
  return Number(stored.headers.get(journalHeader.journalVersion));
}

/**
 * The key that a snapshot tells of; undefined when it was folded by another version of the journal and cannot be upgraded, or
 * cannot be read, so that all events have to be.
 */
export function fromSnapshot<S>(journal: Journal<S, DescMessage>, stored: StoredEntry): KeyState<S> | undefined {
  const writtenBy = writerOf(stored);
  const isOwn = writtenBy === journal.version;
  const upgrade = writtenBy < journal.version ? journal.upgrade : undefined;
  if (!isOwn && upgrade === undefined) return undefined;
  const snapshot = readable<S>(stored);
  if (snapshot === undefined) return undefined;
  const { state, version, handled } = snapshot;
  return {
    state: frozen(isOwn || upgrade === undefined ? state : upgrade(state, writtenBy)),
    version,
    // A batch has consecutive sequences, so the place of the key's last event follows from the snapshot's own.
    lastSequence: stored.sequence - Number(stored.headers.get(journalHeader.offset)),
    // One of another version does not save this one any reading: the next commit stores its own.
    snapshotVersion: isOwn ? version : 0,
    handled: new Handled(handled),
  };
}

function readable<S>({ payload, subject, sequence, headers }: StoredEntry): Snapshot<S> | undefined {
  try {
    const snapshot = decodePlain(new TextDecoder("utf-8", { fatal: true }).decode(payload)) as Snapshot<S>;
    if (Number.isInteger(snapshot.version) && Number(headers.get(journalHeader.offset)) > 0) return snapshot;
    throw new Error("it lacks a version or an offset");
  } catch (error) {
    logger.warn({ err: error }, `snapshot ${sequence} on "${subject}" cannot be read; all events are read instead`);
    return undefined;
  }
}
