// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Clock } from "../clock.ts";
import type { Overlays } from "../overlay/overlays.ts";
import { recordRefusedRetry, recordRetry } from "../telemetry/metrics.ts";
import { attemptBudget, serverBudget } from "./budget.ts";
import { concurrency } from "./concurrency.ts";
import type { Incoming } from "./incoming.ts";
import { countLeftBehind } from "./left-behind.ts";
import type { Observer } from "./observation.ts";
import { observeCalls, observeHearing } from "./observe.ts";
import type { Outgoing } from "./outgoing.ts";
import { overlaid } from "./overlaid.ts";
import { type Grants, permission } from "./permission.ts";
import { type MaintenanceOf, readOnly } from "./read-only.ts";
import { retry } from "./retry.ts";
import type { Step } from "./step.ts";
import { traceCall, traceHandler } from "./trace.ts";
import { validateIncoming, validateOutgoing } from "./validate.ts";
import { metered, type Workloads } from "./workload.ts";

/** What the steps need. */
export interface PipelineInit {
  readonly clock: Clock;
  readonly random: () => number;
  readonly grants: Grants;
  readonly observer: Observer | undefined;
  readonly maintenanceOf: MaintenanceOf;
  /** Where it is counted what handlers have in hand and how they do. */
  readonly workloads: Workloads;
  /** What holds for methods instead of their contracts. */
  readonly overlays: Pick<Overlays, "of">;
}

/**
 * The order on the caller's side, outermost first; a channel comes last. Which contract holds is settled before anything else;
 * what is invalid never leaves; every attempt has its own time, cut from the call's.
 */
export function callerSteps(
  { clock, random, observer, overlays }: PipelineInit,
  fallBack: Step<Outgoing>,
): readonly Step<Outgoing>[] {
  return [
    overlaid(overlays),
    ...(observer === undefined ? [] : [observeCalls(observer)]),
    traceCall,
    validateOutgoing,
    fallBack,
    retry({
      clock,
      random,
      onRetry: ({ contract, trace }, error, delayMs) =>
        recordRetry({ side: "call", operation: contract.name, error, delayMs, trace }),
      onRefused: ({ contract }, error) => recordRefusedRetry(contract.name, error),
    }),
    attemptBudget(clock),
  ];
}

/** The order on the handler's side, outermost first, the same for every door; the handler comes last. */
export function handlerSteps({
  clock,
  grants,
  observer,
  maintenanceOf,
  workloads,
}: PipelineInit): readonly Step<Incoming>[] {
  return [
    traceHandler(clock),
    ...(observer === undefined ? [] : [observeHearing(observer)]),
    permission(grants),
    readOnly(maintenanceOf),
    validateIncoming,
    concurrency(),
    metered(workloads),
    serverBudget(clock, countLeftBehind()),
  ];
}
