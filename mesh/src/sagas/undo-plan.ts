// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { SagaRecord, SagaStepBegun, SagaStepEnded, SagaUndo } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { SagaStatus, SagaStepKind } from "@parley/contracts/parley/mesh/v1/saga_pb.js";

/** A step that may have been done and has to be undone. */
export interface ToUndo {
  readonly begun: SagaStepBegun;
  /** How; its request is unknown when it is made of a reply that never came. */
  readonly undo: SagaUndo | undefined;
  readonly isKnown: boolean;
  /** Tries of the undo that failed since it was last let go on by hand. */
  readonly attempts: number;
  /** Milliseconds since the epoch; 0: at once. */
  readonly notBefore: number;
}

/**
 * What is still to be undone, in the order of undoing: the newest first. Every step that was begun counts, also when nobody
 * knows whether it was done, unless it surely did not run. On the way to COMPLETED only steps that failed count.
 */
export function undoPlan(records: readonly SagaRecord[], towards: SagaStatus): readonly ToUndo[] {
  const steps = new Map<string, { begun: SagaStepBegun; ended?: SagaStepEnded; attempts: number; notBefore: number }>();
  for (const { what } of records) {
    const step = "value" in what && what.value !== undefined && "step" in what.value ? what.value.step : "";
    const known = steps.get(step);
    if (what.case === "begun") steps.set(step, { begun: what.value, attempts: 0, notBefore: 0 });
    else if (what.case === "undone") steps.delete(step);
    else if (what.case === "ended" && known !== undefined) known.ended = what.value;
    else if (what.case === "delayed" && what.value.undo && known !== undefined) {
      known.attempts = what.value.attempt;
      known.notBefore = what.value.due === undefined ? 0 : timestampMs(what.value.due);
    } else if (what.case === "asked" && what.value.what.case === "retry") {
      for (const each of steps.values()) Object.assign(each, { attempts: 0, notBefore: 0 });
    }
  }
  return [...steps.values()]
    .filter(({ begun, ended }) => isUndone(begun) && mayBeDone(ended, towards))
    .map(({ begun, ended, attempts, notBefore }) => {
      const undo = begun.undo?.byReply === true ? ended?.undo : begun.undo;
      return { begun, undo, isKnown: undo !== undefined || begun.kind === SagaStepKind.CHILD, attempts, notBefore };
    })
    .reverse();
}

function isUndone({ kind, undo }: SagaStepBegun): boolean {
  return undo !== undefined || kind === SagaStepKind.CHILD;
}

function mayBeDone(ended: SagaStepEnded | undefined, towards: SagaStatus): boolean {
  const isDone = ended !== undefined && ended.error === undefined;
  if (isDone) return towards !== SagaStatus.COMPLETED;
  return ended === undefined || ended.error?.mayHaveRun === true;
}
