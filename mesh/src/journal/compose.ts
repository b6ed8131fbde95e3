// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { maxBatch } from "../broker/atomic-batch.ts";
import { laneOf } from "../broker/lane.ts";
import type { NewMessage } from "../broker/new-message.ts";
import type { Subjects } from "../broker/subjects.ts";
import { dueHeader } from "../due.ts";
import type { MessageHeader } from "../header.ts";
import { newId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import { commandMessage } from "../pipeline/command-message.ts";
import { logger } from "../telemetry/logger.ts";
import type { TraceContext } from "../telemetry/propagation.ts";
import { type Composed, composeEvent } from "./composed-event.ts";
import type { Draft, DraftedEvent, DraftedKey } from "./draft.ts";
import { journalHeader } from "./journal-header.ts";
import { markOf } from "./mark.ts";
import { addressOf } from "./read-key.ts";
import { snapshotPayload } from "./snapshot.ts";
import { type StepMark, stepMarkMessage } from "./step-mark.ts";
import { replyEnvelopeBytes } from "./stored-reply.ts";

/**
 * A reply is stored in a header of an event, as base64, and the broker takes no more than 64 KiB of headers; larger ones
 * belong into a message of their own.
 */
export const maxReplyBytes = 32 * 1024;

/** What a commit is stored with. */
export interface CompositionInit {
  readonly subjects: Subjects;
  readonly domain: string;
  /** Agent whose handler commits. */
  readonly source: string;
  /** Message that is being handled. */
  readonly cause: MessageHeader | undefined;
  readonly trace: TraceContext;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What a repeat of the same message is known by; unset: it is not remembered. */
  readonly causeId: string | undefined;
  /** Plain text. */
  readonly reply: string;
  /** Set when the message is a step of a saga that can be undone, or undoes one. */
  readonly stepMark?: StepMark | undefined;
  /** Milliseconds for which it is remembered what was handled, in marks and snapshots. */
  readonly handledForMs: number;
  /** Largest payload of a snapshot; a key that is larger gets none. */
  readonly maxSnapshotBytes: number;
}

/** A commit as messages. */
export interface Composition {
  readonly messages: readonly Composed[];
  /** Index of the last event of each key that has any, in the order of the draft's keys. */
  readonly lastOf: ReadonlyMap<DraftedKey, number>;
  /** Whether the reply stands in a mark, since there is no state to carry it. */
  readonly hasMark: boolean;
  /** Keys of which a snapshot was due. */
  readonly snapshots: ReadonlyMap<DraftedKey, "stored" | "too large">;
}

/**
 * Makes the messages of a commit: events of each key, events without state, commands, the mark when there is no state to carry the
 * reply, and snapshots that are due.
 */
export function compose(draft: Draft, init: CompositionInit): Composition {
  if (Buffer.byteLength(init.reply) > maxReplyBytes + replyEnvelopeBytes) {
    const message = `the reply of a commit is ${Buffer.byteLength(init.reply)} bytes; at most ${maxReplyBytes} are stored with it`;
    throw new MeshError({ code: "TOO_LARGE", message });
  }
  const commit = newId();
  const messages: Composed[] = [];
  const lastOf = new Map<DraftedKey, number>();
  for (const key of draft.keys) {
    for (const event of key.events) messages.push(stateEvent(key, event, { ...init, commit }));
    if (key.events.length > 0) lastOf.set(key, messages.length - 1);
  }
  for (const { contract, key, event } of draft.published) {
    const subject = init.subjects.outgoingEvent({ ...contract, domain: init.domain }, key);
    messages.push(
      composeEvent({ subject, key, type: contract.desc, event, name: contract.name, announced: contract }, init),
    );
  }
  for (const command of draft.dispatched) {
    const { message, ...announced } = commandMessage(command, init);
    messages.push({ message, announced: { kind: "dispatched", ...announced } });
  }
  for (const { type, event, to } of draft.told) {
    const subject = init.subjects.outgoingEventTo(to, init.domain, to.key);
    const told = composeEvent({ subject, key: to.key, type, event, name: type.name, announced: undefined }, init);
    const due = to.due === undefined ? [] : ([[dueHeader, new Date(to.due).toISOString()]] as const);
    messages.push({ ...told, message: { ...told.message, headers: new Map([...told.message.headers, ...due]) } });
  }
  const { causeId } = init;
  const hasMark = lastOf.size === 0 && causeId !== undefined;
  if (hasMark) messages.push({ message: markOf({ ...init, causeId }), announced: undefined });
  if (init.stepMark !== undefined) messages.push({ message: stepMarkMessage(init.stepMark), announced: undefined });
  return { messages, lastOf, hasMark, snapshots: addSnapshots(messages, lastOf, init) };
}

/** A snapshot only saves reading, so a commit without room for one does without, and the next one stores it. */
function addSnapshots(
  messages: Composed[],
  lastOf: ReadonlyMap<DraftedKey, number>,
  init: CompositionInit,
): ReadonlyMap<DraftedKey, "stored" | "too large"> {
  const snapshots = new Map<DraftedKey, "stored" | "too large">();
  for (const [key, last] of lastOf) {
    const { journal } = key.at;
    const isDue = journal.snapshotEvery > 0 && key.after.version - key.before.snapshotVersion >= journal.snapshotEvery;
    if (!isDue || messages.length >= maxBatch) continue;
    const message = snapshot(key, messages.length - last, init);
    const fits = message.payload.length <= init.maxSnapshotBytes;
    snapshots.set(key, fits ? "stored" : "too large");
    if (fits) messages.push({ message, announced: undefined });
    else
      logger.warn(
        `key "${key.at.key}" of journal "${journal.name}" is too large for a snapshot: loading it reads all events`,
      );
  }
  return snapshots;
}

function stateEvent(
  key: DraftedKey,
  drafted: DraftedEvent,
  init: CompositionInit & { readonly commit: string },
): Composed {
  const { at, before } = key;
  const { type, event, announced, version } = drafted;
  const { subjects, causeId, commit, reply } = init;
  const address = addressOf(at);
  const lane = announced === undefined ? undefined : laneOf(announced.priority);
  const composed = composeEvent(
    {
      subject: subjects.stateEvent(address, type.typeName, lane),
      key: at.key,
      type,
      event,
      name: announced?.name ?? type.name,
      announced,
    },
    init,
  );
  const headers = new Map(composed.message.headers);
  headers.set(journalHeader.version, String(version));
  headers.set(journalHeader.commit, commit);
  if (causeId !== undefined && version === before.version + 1) {
    headers.set(journalHeader.cause, causeId);
    headers.set(journalHeader.reply, Buffer.from(reply).toString("base64"));
  }
  // The same expectation on every message of the key: the broker checks each against the state before the batch.
  const expect = { filter: subjects.stateOf(address), lastSequence: before.lastSequence };
  return { ...composed, message: { ...composed.message, headers, expect } };
}

function snapshot({ at, after }: DraftedKey, offset: number, init: CompositionInit): NewMessage {
  const { subjects, now, handledForMs, causeId, reply } = init;
  const own = causeId === undefined ? undefined : ([causeId, { reply, at: now }] as const);
  return {
    subject: subjects.snapshot(addressOf(at)),
    payload: snapshotPayload(after, { since: now - handledForMs, own }),
    headers: new Map([
      [journalHeader.offset, String(offset)],
      [journalHeader.journalVersion, String(at.journal.version)],
    ]),
    id: newId(),
  };
}
