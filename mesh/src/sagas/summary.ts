// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { SagaStatus, type SagaSummary, SagaSummarySchema } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { type SagaState, startOf } from "./history.ts";
import type { SagaId } from "./saga-id.ts";

/** A saga at a glance. */
export function summaryOf({ id, agent, saga, key }: SagaId, domain: string, state: SagaState): SagaSummary {
  const { records, status } = state;
  const last = records.findLast(({ what }) => what.case === "over" || what.case === "turned")?.what;
  const parked = state.isParked ? records.findLast(({ what }) => what.case === "parked")?.what : undefined;
  const isRunning = status === SagaStatus.RUNNING || status === SagaStatus.COMPLETED;
  const error = isRunning || last?.case === undefined || !("error" in last.value) ? undefined : last.value.error;
  const times = { startedAt: records[0]?.at, changedAt: records.at(-1)?.at };
  return create(SagaSummarySchema, {
    sagaId: id,
    agent,
    saga,
    key,
    domain,
    run: state.run,
    status,
    canceled: state.isCanceled,
    steps: records.filter(({ what }) => what.case === "begun").length,
    version: startOf(state)?.version ?? 0,
    ...(error === undefined ? {} : { error }),
    ...(times.startedAt === undefined ? {} : { startedAt: times.startedAt }),
    ...(times.changedAt === undefined ? {} : { changedAt: times.changedAt }),
    ...(parked?.case === "parked" && parked.value.due !== undefined ? { due: parked.value.due } : {}),
  });
}
