// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Clock, sleep } from "../clock.ts";
import { MeshError } from "../mesh-error.ts";
import { RetryBudget, retryShare } from "../resilience/retry-budget.ts";
import { retryDelayMs } from "../resilience/retry-schedule.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Step } from "./step.ts";

/** What the retry step needs besides the contract. */
export interface RetryOptions {
  readonly clock: Clock;
  /** 0 to 1; default: Math.random. */
  readonly random?: (() => number) | undefined;
  /** Told of each retry before its delay. */
  readonly onRetry?: ((outgoing: Outgoing, error: MeshError, delayMs: number) => void) | undefined;
  /** Told of each retry that is not made because of all the others. */
  readonly onRefused?: ((outgoing: Outgoing, error: MeshError) => void) | undefined;
}

/**
 * Tries again by the contract's schedules, only what is idempotent or has surely not run, and only while a retry can still
 * end within the call's total time; otherwise the error says after which time a repeat makes sense. All retries of a
 * method together are bounded too, see {@link RetryBudget}. A stream is retried only until it has begun.
 */
export function retry({ clock, random = Math.random, onRetry, onRefused }: RetryOptions): Step<Outgoing> {
  const budgets = new Map<string, RetryBudget>();
  return async (outgoing, next) => {
    const started = clock.now();
    const { contract, timeoutMs, signal } = outgoing;
    const budget = budgets.get(contract.name) ?? new RetryBudget(started);
    budgets.set(contract.name, budget);
    budget.called(started);
    let mayHaveRun = false;
    for (let attempt = 1; ; attempt++) {
      const leftMs = timeoutMs - (clock.now() - started);
      if (signal?.aborted) throw gaveUp(contract.name, signal.reason, mayHaveRun);
      if (leftMs <= 0) throw noTime(contract.name, mayHaveRun);
      outgoing.header = { ...outgoing.header, attempt };
      outgoing.remainingMs = Math.min(contract.timeoutMs, leftMs);
      outgoing.signal = signal;
      try {
        return await next(outgoing);
      } catch (thrown) {
        let error = MeshError.from(thrown);
        // An attempt that did not arrive does not undo an earlier one.
        if (mayHaveRun && !error.mayHaveRun) error = error.with({ mayHaveRun });
        mayHaveRun = error.mayHaveRun;
        // A defect does not pass within seconds; the durable path, which has more time, tries it again.
        if (signal?.aborted || error.errorClass === "INTERNAL") throw error;
        if (mayHaveRun && !contract.idempotent) throw error;
        const delayMs = retryDelayMs(contract.retries, { error, attempt }, random());
        if (delayMs === undefined) throw error;
        if (clock.now() - started + delayMs >= timeoutMs) throw error.with({ retryAfterMs: delayMs });
        if (!budget.take(clock.now())) {
          onRefused?.(outgoing, error);
          throw overBudget(contract.name, error, delayMs);
        }
        onRetry?.(outgoing, error, delayMs);
        await sleep(clock, delayMs, signal).catch((reason) => {
          throw gaveUp(contract.name, reason, mayHaveRun);
        });
      }
    }
  };
}

/** Nobody waits for the call any more, before or between its attempts. */
function gaveUp(name: string, reason: unknown, mayHaveRun: boolean): MeshError {
  if (reason instanceof MeshError) return reason.with({ mayHaveRun });
  return new MeshError({
    code: "CANCELED",
    message: `"${name}" was canceled by its caller`,
    mayHaveRun,
    cause: reason,
  });
}

function overBudget(name: string, error: MeshError, delayMs: number): MeshError {
  const why = `it was not tried again, for the retries of "${name}" have used up their share, ${retryShare}`;
  return error.with({ message: `${error.message}; ${why}`, retryAfterMs: delayMs });
}

function noTime(name: string, mayHaveRun: boolean): MeshError {
  return new MeshError({ code: "DEADLINE_EXCEEDED", message: `no time was left to call "${name}"`, mayHaveRun });
}
