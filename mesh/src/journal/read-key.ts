// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import type { Broker } from "../broker/connection.ts";
import { readAfter, readLast, type StoredEntry } from "../broker/journal-stream.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import { MeshError } from "../mesh-error.ts";
import type { Journal, JournalKey } from "./define-journal.ts";
import { journalHeader } from "./journal-header.ts";
import { emptyKey, fold, type KeyState } from "./key-state.ts";
import { fromSnapshot } from "./snapshot.ts";

/** Where keys are read. */
export interface KeyReader {
  readonly broker: Broker;
  readonly subjects: Subjects;
}

/**
 * Reads a key: from its newest snapshot, or on from what is known of it already, and then all later events.
 *
 * @throws MeshError JOURNAL_AHEAD when it holds an event that this version does not know; JOURNAL_BROKEN when one is missing
 */
export async function readKey<S, E extends DescMessage>(
  reader: KeyReader,
  at: JournalKey<S, E>,
  known?: KeyState<S>,
): Promise<KeyState<S>> {
  try {
    return await readFrom(reader, at, known ?? (await readSnapshot(reader, at, false)));
  } catch (error) {
    if (!(error instanceof MeshError) || error.code !== "JOURNAL_BROKEN") throw error;
    // A compaction may have overtaken what was known, or a replica may have answered with an old snapshot. What the leader
    // says is the truth.
    return readFrom(reader, at, await readSnapshot(reader, at, true));
  }
}

async function readFrom<S, E extends DescMessage>(
  { broker, subjects }: KeyReader,
  at: JournalKey<S, E>,
  start: KeyState<S>,
): Promise<KeyState<S>> {
  const journal = at.journal as unknown as Journal<S, DescMessage>;
  const filter = subjects.stateOf(addressOf(at));
  const entries = await readAfter(broker, streamOf(subjects, at), { filter, sequence: start.lastSequence });
  return entries.reduce((state, entry) => foldEntry(journal, state, { entry, key: at.key }), start);
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
): Promise<KeyState<S>> {
  const journal = at.journal as unknown as Journal<S, DescMessage>;
  if (journal.snapshotEvery === 0) return emptyKey(journal);
  const stored = await readLast(broker, streamOf(subjects, at), { of: subjects.snapshot(addressOf(at)), certain });
  return (stored === undefined ? undefined : fromSnapshot(journal, stored)) ?? emptyKey(journal);
}

function foldEntry<S>(
  journal: Journal<S, DescMessage>,
  state: KeyState<S>,
  { entry, key }: { readonly entry: StoredEntry; readonly key: string },
): KeyState<S> {
  const where = `event ${state.version + 1} of key "${key}" in journal "${journal.name}"`;
  const version = Number(entry.headers.get(journalHeader.version));
  if (version !== state.version + 1) {
    const message = `${where} is missing: sequence ${entry.sequence} holds event ${version} instead`;
    throw new MeshError({ code: "JOURNAL_BROKEN", message });
  }
  const typeName = entry.headers.get("ce-type") ?? "";
  const type = journal.events.get(typeName);
  if (type === undefined) {
    const message = `${where} is a "${typeName}", which this version of the journal does not know; deploy the newer one`;
    throw new MeshError({ code: "JOURNAL_AHEAD", message });
  }
  const reply = entry.headers.get(journalHeader.reply);
  return fold(journal, state, {
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
    const message = `${where}, sequence ${sequence}, is no "${type.typeName}": ${String(cause)}`;
    throw new MeshError({ code: "JOURNAL_BROKEN", message, cause });
  }
}
