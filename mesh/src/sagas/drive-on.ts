// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  SagaNeedsAttentionSchema,
  type SagaRecord,
  SagaStatus,
  type SagaTurned,
} from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { errorDetail, errorFromDetail } from "../error-detail.ts";
import type { Draft } from "../journal/draft.ts";
import { MeshError } from "../mesh-error.ts";
import { logger, traceFields } from "../telemetry/logger.ts";
import { recordSagaEnd } from "../telemetry/metrics.ts";
import { Backward } from "./backward.ts";
import type { SagaDefinition } from "./define-saga.ts";
import type { Driving } from "./driving.ts";
import { Forward } from "./forward.ts";
import { childEnd, Interrupted, type Scribe } from "./scribe.ts";
import { undoPlan } from "./undo-plan.ts";

/**
 * Drives a saga on until it is left to a wake-up, is over, or needs attention.
 *
 * @throws Superseded; MeshError JOURNAL_AHEAD when a newer version of the code began it; what storing throws
 */
export async function driveOn(driving: Driving, definition: SagaDefinition, scribe: Scribe): Promise<void> {
  try {
    if (!scribe.state.isTurned) {
      const end = await forward(driving, definition, scribe);
      if (end === "parked") return;
      if (end === "over" && (await ended(driving, scribe, SagaStatus.COMPLETED))) return;
      // It was canceled in the moment of its end.
      if (end === "over") scribe.add({ case: "turned", value: { towards: SagaStatus.COMPENSATED, canceled: true } });
    }
    const { towards, error, canceled } = lastTurn(scribe.records);
    const end = await new Backward(driving, scribe, towards).run();
    if (end.kind === "stuck") return await stuck(driving, scribe, end.error);
    if (end.kind === "over") {
      const why = canceled ? new MeshError({ code: "CANCELED", message: "it was canceled" }) : undefined;
      await ended(driving, scribe, towards, why ?? (error && errorFromDetail(error)));
    }
  } catch (thrown) {
    if (!(thrown instanceof MeshError) || !staying.has(thrown.code)) throw thrown;
    // Steps of which nothing has left the process must not stand there as begun. What came of others meanwhile comes again.
    scribe.dropFrom("begun");
    await stuck(driving, scribe, thrown);
  }
}

/** Errors of its code: driving it again gives them again. */
const staying: ReadonlySet<string> = new Set(["NONDETERMINISTIC", "SAGA_INVALID"]);

async function forward(driving: Driving, definition: SagaDefinition, scribe: Scribe) {
  if (scribe.state.isCanceled && !needsCode(scribe.records)) {
    scribe.add({ case: "turned", value: { towards: SagaStatus.COMPENSATED, canceled: true } });
    return "turned";
  }
  const { version } = driving.started;
  if (version > definition.version) {
    const message = `"${driving.id.id}" began with version ${version} of its code, this host has ${definition.version}; deploy the newer one`;
    throw new MeshError({ code: "JOURNAL_AHEAD", message });
  }
  return new Forward(driving, definition, scribe).run();
}

/** Whether a step is in doubt whose undo is made of its reply: only the code can ask for it again. */
function needsCode(records: readonly SagaRecord[]): boolean {
  const open = new Set<string>();
  for (const { what } of records) {
    if (what.case === "begun" && what.value.undo?.byReply === true) open.add(what.value.step);
    if (what.case === "ended") open.delete(what.value.step);
  }
  return open.size > 0;
}

function lastTurn(records: readonly SagaRecord[]): SagaTurned {
  const turns = records.flatMap(({ what }) => (what.case === "turned" ? [what.value] : []));
  const last = turns.at(-1);
  if (last === undefined) throw new Error("a saga goes back that never turned");
  return last;
}

/** Stores the end; false when it was canceled in that very moment. */
async function ended(driving: Driving, scribe: Scribe, status: SagaStatus, error?: MeshError): Promise<boolean> {
  const detail = error === undefined ? {} : { error: errorDetail(error) };
  const { parent } = driving.started;
  const tells = parent === undefined ? [] : [childEnd(parent, { status, ...detail })];
  const isStored = await endWith(scribe, { status, ...detail }, { tells });
  if (isStored) recordSagaEnd(driving.id, SagaStatus[status]);
  return isStored;
}

/** It cannot go on by itself: an error in the log, a count, and an event; it stays in the list of open sagas. */
export async function stuck(driving: Pick<Driving, "id" | "trace">, scribe: Scribe, error: MeshError): Promise<void> {
  const { id, trace } = driving;
  const notUndone = undoPlan(scribe.records, SagaStatus.COMPENSATED).map(({ begun: { step } }) => step);
  const alarm = { sagaId: id.id, agent: id.agent, saga: id.saga, error: errorDetail(error), notUndone };
  const publish = (outbox: Draft) => outbox.publish(SagaNeedsAttentionSchema, alarm);
  const status = SagaStatus.NEEDS_ATTENTION;
  await endWith(scribe, { status, error: errorDetail(error) }, { publish });
  logger.error(
    {
      agent_id: id.agent,
      saga: id.saga,
      saga_id: id.id,
      code: error.code,
      not_undone: notUndone,
      ...traceFields(trace),
    },
    `saga "${id.id}" needs attention: ${error.message}`,
  );
  recordSagaEnd(id, "NEEDS_ATTENTION");
}

async function endWith(
  scribe: Scribe,
  over: { readonly status: SagaStatus; readonly error?: ReturnType<typeof errorDetail> },
  along: Parameters<Scribe["write"]>[0],
): Promise<boolean> {
  scribe.add({ case: "over", value: over });
  for (;;) {
    try {
      await scribe.write(along);
      return true;
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      await scribe.refresh();
      // Whatever else is wanted of it comes too late.
      if (over.status !== SagaStatus.COMPLETED || !scribe.state.isCanceled) continue;
      scribe.drop("over");
      return false;
    }
  }
}
