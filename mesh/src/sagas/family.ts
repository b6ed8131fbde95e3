// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  type SagaChildEnded,
  type SagaParent,
  SagaRecordedSchema,
  SagaStatus,
} from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { Clock } from "../clock.ts";
import { errorDetail } from "../error-detail.ts";
import type { CommitOrigin, Journals } from "../journal/journals.ts";
import { MeshError } from "../mesh-error.ts";
import { isOver, recordOf, sagaJournal, startOf } from "./history.ts";
import type { SagaId } from "./saga-id.ts";
import { childEnd, tellSaga } from "./scribe.ts";

/** A saga that hears from the one that began it, or from one that it began. */
export interface FamilyInit {
  readonly journals: Journals;
  readonly clock: Clock;
  readonly id: SagaId;
  readonly domain: string;
  readonly origin: CommitOrigin;
}

/**
 * Notes the end of a saga in the history of the one that began it, however often it is told. A later run of that one has
 * nothing to do with it, though its step may have the same name.
 */
export async function noteChild(
  { journals, clock, id, domain, origin }: FamilyInit,
  value: SagaChildEnded,
): Promise<void> {
  await journals.commit(
    { saga: sagaJournal(domain).at(id.id) },
    ({ saga: { state, append } }) => {
      const isKnown = state.records.some(
        ({ what }) =>
          what.case === "asked" &&
          what.value.what.case === "childEnded" &&
          what.value.what.value.step === value.step &&
          what.value.what.value.status === value.status,
      );
      if (state.run !== value.run || isOver(state) || isKnown) return null;
      const what = { case: "asked", value: { by: id.agent, what: { case: "childEnded", value } } } as const;
      append(SagaRecordedSchema, { sagaId: id.id, records: [recordOf(what, clock.now())] });
      return null;
    },
    origin,
  );
}

/**
 * Has a saga undo itself because the one that began it does; a completed one too. What an earlier run of that one wanted is
 * over with that run.
 *
 * @throws MeshError UNAVAILABLE when it has not begun yet: the message that begins it is on its way; SAGA_INVALID when another
 *   step of the same saga has begun it anew, so that what it did for this one is not known any more
 */
export async function cancelForParent(
  { journals, clock, id, domain, origin }: FamilyInit,
  { sagaId: parentId, run, step }: SagaParent,
): Promise<void> {
  await journals.commit(
    { saga: sagaJournal(domain).at(id.id) },
    ({ saga: { state, append } }, outbox) => {
      const parent = startOf(state)?.parent;
      if (parent?.sagaId !== parentId || parent.run < run) {
        const message = `"${id.id}" was not begun by run ${run} of "${parentId}" yet, so it cannot be canceled for it`;
        throw new MeshError({ code: "UNAVAILABLE", message });
      }
      if (parent.run > run) return null;
      if (parent.step !== step) {
        const message = `"${id.id}" was begun by step "${step}" of "${parentId}" and anew by its step "${parent.step}", so it cannot be undone for the first; give each step a key of its own`;
        throw new MeshError({ code: "SAGA_INVALID", message, mayHaveRun: true });
      }
      const { status } = state;
      if (status === SagaStatus.COMPENSATED || status === SagaStatus.RESOLVED) {
        tellSaga(outbox, childEnd(parent, { status }));
      } else if (!state.isCanceled) {
        const what = { case: "asked", value: { by: parentId, what: { case: "cancel", value: true } } } as const;
        append(SagaRecordedSchema, { sagaId: id.id, records: [recordOf(what, clock.now())] });
      }
      return null;
    },
    origin,
  );
}

/** Tells the saga that began one how that ended, when it is over. */
export async function tellEnd({ journals, id, domain, origin }: FamilyInit, parent: SagaParent): Promise<void> {
  await journals.commit(
    { saga: sagaJournal(domain).at(id.id) },
    ({ saga: { state } }, outbox) => {
      const of = startOf(state)?.parent;
      const isIts = of?.sagaId === parent.sagaId && of.run === parent.run && of.step === parent.step;
      const over = state.records.findLast(({ what }) => what.case === "over")?.what;
      // One that was resolved has the error for which it stood before.
      const error = over?.case === "over" && over.value.status === state.status ? over.value.error : undefined;
      if (isIts && isOver(state)) tellSaga(outbox, childEnd(parent, { status: state.status, ...(error && { error }) }));
      return null;
    },
    origin,
  );
}

/** Tells a saga that one it wanted to begin cannot begin: nobody else would. */
export async function refuseChild({ journals, origin }: FamilyInit, parent: SagaParent, why: MeshError): Promise<void> {
  const tell = childEnd(parent, { status: SagaStatus.COMPENSATED, error: errorDetail(why) });
  await journals.commit({}, (_, outbox) => tellSaga(outbox, tell) ?? null, origin);
}
