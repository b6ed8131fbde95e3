// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Clock } from "../clock.ts";
import { bounded, boundedStream, openBudget, type TimeBudget } from "../time-budget.ts";
import type { Incoming } from "./incoming.ts";
import { type LeftBehind, watchLeftBehind } from "./left-behind.ts";
import type { Outgoing } from "./outgoing.ts";
import { isStream, type Reply, type Step, untilEnd } from "./step.ts";

/**
 * Bounds a handler by the shorter of the policy's timeout and what the caller still waits. A handler that ignores its
 * signal is left behind: the caller gets DEADLINE_EXCEEDED all the same, and `leftBehind` is told.
 */
export function serverBudget(clock: Clock, leftBehind: LeftBehind): Step<Incoming> {
  return async (incoming, next) => {
    const { timeoutMs, name } = incoming.operation;
    const budget = openBudget({
      clock,
      timeoutMs: Math.min(timeoutMs, incoming.remainingMs ?? timeoutMs),
      what: name,
      parent: incoming.signal,
    });
    incoming.signal = budget.signal;
    const work = next(incoming);
    try {
      return await within(budget, work);
    } catch (error) {
      if (budget.signal.aborted) watchLeftBehind(work, incoming.operation, leftBehind);
      throw error;
    }
  };
}

/** The reply of `work`, as long as the budget lasts; closes the budget when the reply is over. */
export async function within(budget: TimeBudget, work: Promise<Reply>): Promise<Reply> {
  try {
    const reply = await bounded(work, budget.signal);
    const end = () => budget[Symbol.dispose]();
    return untilEnd(isStream(reply) ? boundedStream(reply, budget.signal) : reply, end);
  } catch (error) {
    budget[Symbol.dispose]();
    throw error;
  }
}

/** Bounds one attempt of a call by what the retry step left it; the total over all attempts is the retry step's matter. */
export function attemptBudget(clock: Clock): Step<Outgoing> {
  return async (outgoing, next) => {
    const { contract, remainingMs, signal } = outgoing;
    const budget = openBudget({
      clock,
      timeoutMs: remainingMs,
      what: contract.name,
      parent: signal,
    });
    outgoing.signal = budget.signal;
    return within(budget, next(outgoing));
  };
}
