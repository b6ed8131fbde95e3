// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Clock } from "../clock.ts";
import type { Operation } from "../pipeline/incoming.ts";
import type { BreakerPlan } from "../plans.ts";
import { Guard } from "../resilience/guard.ts";
import { recordBreakerState } from "../telemetry/metrics.ts";

/** The breaker of one hearer, or of the commands of one method, in this process; undefined when its contract plans none. */
export function hearerGuard(
  { agent, handler }: Pick<Operation, "agent" | "handler">,
  plan: BreakerPlan | undefined,
  clock: Clock,
): Guard | undefined {
  if (plan === undefined) return undefined;
  const name = `"${handler}" of agent "${agent}"`;
  return new Guard({ name, plan, clock, onChange: (state) => recordBreakerState({ agent, hearer: handler }, state) });
}
