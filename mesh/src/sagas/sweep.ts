// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { SagaStatus, type SagaSummary } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { Clock } from "../clock.ts";
import type { Journals } from "../journal/journals.ts";
import { rootTrace } from "../telemetry/propagation.ts";
import { sagaOrigin } from "./driving.ts";
import type { SagaIndex } from "./saga-index.ts";
import { tellSaga } from "./scribe.ts";

/** What a sweep is made of. */
export interface SweepInit {
  readonly index: SagaIndex;
  readonly journals: Journals;
  readonly clock: Clock;
  /** Whether the sagas of that agent and name are driven here. */
  readonly isDriven: (saga: SagaSummary) => boolean;
}

/** Milliseconds beyond which a wake-up is not just late. */
const overdueMs = 60_000;

/**
 * Wakes sagas whose time has come and whom nobody has woken: a wake-up waits for an instance as long as EVENTS keeps it, and
 * the agent may have been away for longer. Waking one that needs none does nothing, so any number of hosts may sweep.
 */
export async function sweepSagas({ index, journals, clock, isDriven }: SweepInit): Promise<void> {
  for (const summary of await index.openSagas()) {
    const { sagaId, agent, domain, status, due } = summary;
    const isOverdue = due !== undefined && timestampMs(due) < clock.now() - overdueMs;
    if (!isOverdue || status === SagaStatus.NEEDS_ATTENTION || !isDriven(summary)) continue;
    const origin = sagaOrigin({ agent, domain, cause: undefined, trace: rootTrace(), signal: undefined });
    await journals.commit({}, (_, outbox) => tellSaga(outbox, { sagaId }) ?? null, origin);
  }
}
