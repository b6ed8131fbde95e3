// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage } from "@bufbuild/protobuf";
import type { StoredEntry } from "../broker/journal-stream.ts";
import type { Journal } from "./define-journal.ts";
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
 * Milliseconds that replies of handled messages are kept in snapshots: longer than EVENTS keeps a message and any schedule
 * retries it.
 */
export const handledForMs = 8 * 24 * 60 * 60_000;

/** A key as the payload of its snapshot; replies that nobody can ask for any more are left out. */
export function snapshotPayload<S>(key: KeyState<S>, now: number): Uint8Array {
  const snapshot: Snapshot<S> = {
    state: key.state,
    version: key.version,
    handled: key.handled.since(now - handledForMs),
  };
  return new TextEncoder().encode(encodePlain(snapshot));
}

/**
 * The key that a snapshot tells of; undefined when it was folded by another version of the journal and there is no upgrade,
 * so that all events have to be read.
 */
export function fromSnapshot<S>(journal: Journal<S, DescMessage>, stored: StoredEntry): KeyState<S> | undefined {
  const writtenBy = Number(stored.headers.get(journalHeader.journalVersion));
  const { upgrade } = journal;
  if (writtenBy !== journal.version && upgrade === undefined) return undefined;
  const { state, version, handled } = decodePlain(new TextDecoder().decode(stored.payload)) as Snapshot<S>;
  return {
    state: writtenBy === journal.version || upgrade === undefined ? state : upgrade(state, writtenBy),
    version,
    // A batch has consecutive sequences, so the place of the key's last event follows from the snapshot's own.
    lastSequence: stored.sequence - Number(stored.headers.get(journalHeader.offset)),
    snapshotVersion: version,
    handled: new Handled(handled),
  };
}
