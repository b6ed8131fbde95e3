// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type Message, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type SagaRecord,
  SagaStatus,
  type SagaStepEnded,
  SagaStepEndedSchema,
} from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { errorDetail } from "../error-detail.ts";
import { MeshError } from "../mesh-error.ts";
import type { Ask, Work } from "./ask.ts";
import type { Driving } from "./driving.ts";
import { maxStepBytes } from "./limits.ts";

/**
 * A call that was answered, with how it is undone where that is made of the reply. One too large to be recorded fails.
 *
 * @throws MeshError SAGA_INVALID when the author's function makes no request of the reply: it never will until it is mended
 */
export function repliedStep(step: string, work: Extract<Work, { kind: "call" }>, reply: Message): SagaStepEnded {
  const bytes = toBinary(work.method.output, reply);
  const undo = work.undoOf && { undo: undoOf(step, work.undoOf, reply) };
  if (bytes.length > maxStepBytes) return failedStep(step, tooLarge(step, bytes), undo);
  return create(SagaStepEndedSchema, { step, reply: bytes, ...undo });
}

function undoOf(step: string, make: UndoOf, reply: Message): ReturnType<UndoOf> {
  try {
    return make(reply);
  } catch (cause) {
    const why = MeshError.from(cause).message;
    const message = `step "${step}" was done, and its undo cannot be made of the reply: ${why}; mend that function, then retry`;
    throw new MeshError({ code: "SAGA_INVALID", message, mayHaveRun: true, cause });
  }
}

type UndoOf = NonNullable<Extract<Work, { kind: "call" }>["undoOf"]>;

/** A step that failed for good. */
export function failedStep(
  step: string,
  error: MeshError,
  more: { readonly undo?: { readonly method: string; readonly request: Uint8Array }; readonly sequence?: bigint } = {},
): SagaStepEnded {
  return create(SagaStepEndedSchema, { step, error: errorDetail(error), ...more });
}

/**
 * What has come of a step that nobody works on: its time, its event, the end of its saga; undefined: nothing yet. An event
 * that is there counts even when its time is over.
 */
export async function whatCame(
  driving: Driving,
  records: readonly SagaRecord[],
  { step, work, begun }: Ask,
): Promise<SagaStepEnded | undefined> {
  const isDue = begun.due !== undefined && timestampMs(begun.due) <= driving.ground.clock.now();
  switch (work.kind) {
    case "call":
      return undefined;
    case "sleep":
      return isDue ? create(SagaStepEndedSchema, { step }) : undefined;
    case "child":
      return childEnd(step, records);
    case "wait": {
      const after = Number(driving.started.mailAfter);
      const mail = await driving.ground.mailbox.find({ ...work, after, taken: takenBy(records) });
      if (mail === undefined) return isDue ? create(SagaStepEndedSchema, { step }) : undefined;
      const sequence = BigInt(mail.sequence);
      if (mail.payload.length > maxStepBytes) return failedStep(step, tooLarge(step, mail.payload), { sequence });
      return create(SagaStepEndedSchema, { step, reply: mail.payload, sequence });
    }
  }
}

/** Sequences of EVENTS of the events that a run has taken. */
export function takenBy(records: readonly SagaRecord[]): ReadonlySet<number> {
  const sequences = records.flatMap(({ what }) =>
    what.case === "ended" && what.value.sequence > 0n ? [Number(what.value.sequence)] : [],
  );
  return new Set(sequences);
}

function childEnd(step: string, records: readonly SagaRecord[]): SagaStepEnded | undefined {
  for (const { what } of records) {
    if (what.case !== "asked" || what.value.what.case !== "childEnded") continue;
    const { step: of, status, error } = what.value.what.value;
    if (of !== step) continue;
    if (status === SagaStatus.COMPLETED) return create(SagaStepEndedSchema, { step });
    const message = `the saga of step "${step}" is ${SagaStatus[status]}: ${error?.message || "resolved by hand"}`;
    return failedStep(step, new MeshError({ code: "SAGA_FAILED", message }));
  }
  return undefined;
}

function tooLarge(step: string, { length }: Uint8Array): MeshError {
  const message = `step "${step}" was given ${length} bytes; at most ${maxStepBytes} are recorded, give a reference instead`;
  return new MeshError({ code: "TOO_LARGE", message, mayHaveRun: true });
}
