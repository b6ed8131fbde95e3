// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import type { Broker } from "../broker/connection.ts";
import { readAfter, readLast } from "../broker/journal-stream.ts";
import type { StoredEntry } from "../broker/stored-entry.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import { MeshError } from "../mesh-error.ts";
import type { Journal, JournalKey } from "./define-journal.ts";
import { journalHeader } from "./journal-header.ts";
import { emptyKey, fold, type KeyState } from "./key-state.ts";
import { fromSnapshot, writerOf } from "./snapshot.ts";

/** Where keys are read. */
export interface KeyReader {
  readonly broker: Broker;
  readonly subjects: Subjects;
}

/**
 * Reads a key: from its newest snapshot, or on from what is known of it already, and then all later events.
 *
 * @throws MeshError JOURNAL_AHEAD when it holds an event that this version does not know; JOURNAL_BROKEN when one is missing,
 *   or when the journal was set back behind what is known; BROKER_UNAVAILABLE
 */
export async function readKey<S, E extends DescMessage>(
  reader: KeyReader,
  at: JournalKey<S, E>,
  known?: KeyState<S>,
): Promise<KeyState<S>> {
  const start = known ?? (await readSnapshot(reader, at, false)).key;
  const read = await readOn(reader, at, start);
  if (read.gap === undefined) return read.key;
  // A compaction may have overtaken what was known, or a replica may have answered with an old snapshot. What the leader
  // says is the truth.
  const snapshot = await readSnapshot(reader, at, true);
  const again = await readOn(reader, at, snapshot.key);
  if (again.gap !== undefined && snapshot.isAhead) {
    const message = `the events of key "${at.key}" in journal "${at.journal.name}" were compacted by a newer version; deploy it`;
    throw new MeshError({ code: "JOURNAL_AHEAD", message });
  }
  if (again.gap !== undefined) throw broken(again.gap);
  if (again.key.version < start.version) throw setBack(at, start, again.key.lastSequence);
  return again.key;
}

interface Reading<S> {
  readonly key: KeyState<S>;
  /** What is missing; the key goes up to there. */
  readonly gap: string | undefined;
}

async function readOn<S, E extends DescMessage>(
  { broker, subjects }: KeyReader,
  at: JournalKey<S, E>,
  start: KeyState<S>,
): Promise<Reading<S>> {
  const stream = streamOf(subjects, at);
  const filter = subjects.stateOf(addressOf(at));
  // The last event known is read along: should it be gone with nothing behind it, the journal is not what it was.
  const from = Math.max(0, start.lastSequence - 1);
  const entries = await readAfter(broker, stream, { filter, sequence: from });
  if (entries.length === 0 && start.lastSequence > 0) {
    const last = (await readLast(broker, stream, { of: filter, certain: true }))?.sequence ?? 0;
    if (last < start.lastSequence) throw setBack(at, start, last);
  }
  let key = start;
  for (const entry of entries) {
    const version = Number(entry.headers.get(journalHeader.version));
    if (entry.sequence === start.lastSequence && version === start.version) continue;
    const where = `event ${key.version + 1} of key "${at.key}" in journal "${at.journal.name}"`;
    if (version > key.version + 1) return { key, gap: `${where} is missing: event ${version} follows` };
    if (version !== key.version + 1) {
      const instead = `sequence ${entry.sequence} holds event ${version} again: the journal was set back, or written by something else`;
      throw broken(`${where} is not what follows: ${instead}`);
    }
    key = foldEntry(at.journal as unknown as Journal<S, DescMessage>, key, { entry, where });
  }
  return { key, gap: undefined };
}

function setBack<S, E extends DescMessage>(at: JournalKey<S, E>, known: KeyState<S>, last: number): MeshError {
  return broken(
    `key "${at.key}" in journal "${at.journal.name}" was set back: event ${known.version} was stored as sequence ` +
      `${known.lastSequence}, but its last one is ${last} now; if that is meant, restart this host`,
  );
}

function broken(message: string, cause?: unknown): MeshError {
  return new MeshError({ code: "JOURNAL_BROKEN", message, cause });
}

/** The stream that holds a key. */
export function streamOf<S, E extends DescMessage>(subjects: Subjects, { journal }: JournalKey<S, E>): string {
  return streamNames(subjects.namespace).journal(journal.domain);
}

/** What the subjects of a key are made from. */
export function addressOf<S, E extends DescMessage>({ journal, key }: JournalKey<S, E>) {
  return { domain: journal.domain, journal: journal.name, key };
}

async function readSnapshot<S, E extends DescMessage>(
  { broker, subjects }: KeyReader,
  at: JournalKey<S, E>,
  certain: boolean,
): Promise<{ readonly key: KeyState<S>; readonly isAhead: boolean }> {
  const journal = at.journal as unknown as Journal<S, DescMessage>;
  if (journal.snapshotEvery === 0) return { key: emptyKey(journal), isAhead: false };
  const stored = await readLast(broker, streamOf(subjects, at), { of: subjects.snapshot(addressOf(at)), certain });
  if (stored === undefined) return { key: emptyKey(journal), isAhead: false };
  return { key: fromSnapshot(journal, stored) ?? emptyKey(journal), isAhead: writerOf(stored) > journal.version };
}

function foldEntry<S>(
  journal: Journal<S, DescMessage>,
  key: KeyState<S>,
  { entry, where }: { readonly entry: StoredEntry; readonly where: string },
): KeyState<S> {
  const typeName = entry.headers.get("ce-type") ?? "";
  const type = journal.events.get(typeName);
  if (type === undefined) {
    const message = `${where} is a "${typeName}", which this version of the journal does not know; deploy the newer one`;
    throw new MeshError({ code: "JOURNAL_AHEAD", message });
  }
  const reply = entry.headers.get(journalHeader.reply);
  return fold(journal, key, {
    event: decoded(type, entry, where),
    sequence: entry.sequence,
    cause: entry.headers.get(journalHeader.cause),
    reply:
      reply === undefined
        ? undefined
        : { reply: Buffer.from(reply, "base64").toString(), at: Date.parse(entry.headers.get("ce-time") ?? "") },
  });
}

function decoded(type: DescMessage, { payload, sequence }: StoredEntry, where: string) {
  try {
    return fromBinary(type, payload);
  } catch (cause) {
    throw broken(`${where}, sequence ${sequence}, is no "${type.typeName}": ${String(cause)}`, cause);
  }
}
