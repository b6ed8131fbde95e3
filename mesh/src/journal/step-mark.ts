// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { readLast } from "../broker/journal-stream.ts";
import type { NewMessage } from "../broker/new-message.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { MessageHeader } from "../header.ts";
import { derivedId, newId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";

/** Eight days: far longer than a call of a step can be on its way. */
const stepMarkSeconds = 8 * 24 * 60 * 60;

/** What a message is to a step of a saga. */
export interface StepGuard {
  /** The same for the call of a step and for the one that undoes it, and for nobody else's. */
  readonly key: string;
  readonly isUndo: boolean;
  /** It is the handler's first commit: most likely nobody has written a mark. */
  readonly isFirst: boolean;
}

/** How the mark of a step stands, as a commit found it. */
export interface StepMark extends StepGuard {
  readonly subject: string;
  /** Sequence of the newest mark; 0: there is none. */
  readonly lastSequence: number;
  readonly isUndone: boolean;
}

/** What the message that a handler has in hand is to a step of a saga; undefined: nothing. */
export function stepGuardOf(
  { undoable, undoes, messageId, sourceAgentId }: MessageHeader,
  isFirst: boolean,
): StepGuard | undefined {
  const isUndo = undoes !== undefined;
  if (!isUndo && undoable !== true) return undefined;
  // The sender is part of it: nobody can have another agent's steps refused.
  return { key: derivedId("saga step mark", sourceAgentId, undoes ?? messageId), isUndo, isFirst };
}

/** Where a mark is looked for. */
export interface StepPlace {
  readonly domain: string;
  readonly step?: StepGuard | undefined;
}

/**
 * How the mark of a step stands now; the leader is asked. Before the first try of a step's first commit it is taken for not
 * being there, which saves asking: the broker refuses the commit when it is, and then it is asked.
 */
export async function readStepMark(
  broker: Broker,
  subjects: Subjects,
  { domain, step, isRetry }: StepPlace & { readonly isRetry: boolean },
): Promise<StepMark | undefined> {
  if (step === undefined) return undefined;
  const subject = subjects.stepMark(domain, step.key);
  if (step.isFirst && !step.isUndo && !isRetry) return { ...step, subject, lastSequence: 0, isUndone: false };
  const last = await readLast(broker, streamNames(subjects.namespace).journal(domain), { of: subject, certain: true });
  const isUndone = last !== undefined && new TextDecoder().decode(last.payload) === "undone";
  return { ...step, subject, lastSequence: last?.sequence ?? 0, isUndone };
}

/** @throws MeshError STEP_UNDONE when a step would be done after it was undone */
export function assertNotUndone(mark: StepMark | undefined): void {
  if (mark === undefined || mark.isUndo || !mark.isUndone) return;
  throw new MeshError({
    code: "STEP_UNDONE",
    message: "this step of a saga was undone before it was done; it is refused",
  });
}

/**
 * Goes into the commit of a step and into the commit that undoes it, each on condition that no other has come between: so a
 * step that comes late finds itself undone, however long it was held up, and whether or not the two write the same keys.
 */
export function stepMarkMessage({ subject, lastSequence, isUndo }: StepMark): NewMessage {
  return {
    subject,
    payload: new TextEncoder().encode(isUndo ? "undone" : "done"),
    headers: new Map([["Nats-TTL", `${stepMarkSeconds}s`]]),
    id: newId(),
    expect: { filter: subject, lastSequence },
  };
}
