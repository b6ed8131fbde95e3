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
import { tellSaga } from "./scribe.ts";

/** A saga that hears from the one that began it, or from one that it began. */
export interface FamilyInit {
  readonly journals: Journals;
  readonly clock: Clock;
  readonly id: SagaId;
  readonly domain: string;
  readonly origin: CommitOrigin;
}

/** Notes the end of a saga in the history of the one that began it, however often it is told. */
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
      if (state.run === 0 || isOver(state) || isKnown) return null;
      const what = { case: "asked", value: { by: id.agent, what: { case: "childEnded", value } } } as const;
      append(SagaRecordedSchema, { sagaId: id.id, records: [recordOf(what, clock.now())] });
      return null;
    },
    origin,
  );
}

/**
 * Has a saga undo itself because the one that began it does; a completed one too.
 *
 * @throws MeshError UNAVAILABLE when it has not begun yet: the message that begins it is on its way
 */
export async function cancelForParent(
  { journals, clock, id, domain, origin }: FamilyInit,
  parentId: string,
): Promise<void> {
  await journals.commit(
    { saga: sagaJournal(domain).at(id.id) },
    ({ saga: { state, append } }, outbox) => {
      const parent = startOf(state)?.parent;
      if (parent?.sagaId !== parentId) {
        const message = `"${id.id}" was not begun by "${parentId}" yet, so it cannot be canceled for it`;
        throw new MeshError({ code: "UNAVAILABLE", message });
      }
      const { status } = state;
      if (status === SagaStatus.COMPENSATED || status === SagaStatus.RESOLVED) {
        tellSaga(outbox, { sagaId: parentId, wake: { childEnded: { step: parent.step, status } } });
      } else if (!state.isCanceled) {
        const what = { case: "asked", value: { by: parentId, what: { case: "cancel", value: true } } } as const;
        append(SagaRecordedSchema, { sagaId: id.id, records: [recordOf(what, clock.now())] });
      }
      return null;
    },
    origin,
  );
}

/** Tells a saga that one it wanted to begin cannot begin: nobody else would. */
export async function refuseChild({ journals, origin }: FamilyInit, parent: SagaParent, why: MeshError): Promise<void> {
  const childEnded = { step: parent.step, status: SagaStatus.COMPENSATED, error: errorDetail(why) };
  const tell = { sagaId: parent.sagaId, wake: { childEnded } };
  await journals.commit({}, (_, outbox) => tellSaga(outbox, tell) ?? null, origin);
}
