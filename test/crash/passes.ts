// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Passing, Plan } from "./plan.ts";
import type { Random } from "./random.ts";
import type { Fault, RunResult } from "./run.ts";

/** One run to do. */
export interface Job {
  readonly pass: PassName;
  readonly plans: readonly Plan[];
  readonly fault: Fault;
}

export type PassName =
  | "agent killed"
  | "broker killed at it"
  | "broker killed soon after"
  | "answer lost"
  | "batch half sent"
  | "agent killed again";

const none: Fault = { kind: "none" };

/** Pass 2: the agent dies at each passing. */
export function agentKilled(passings: readonly Passing[]): readonly Job[] {
  return passings.map((passing) => ({ pass: "agent killed", plans: [{ ...passing, action: "die" }], fault: none }));
}

/** Pass 3: the broker dies at each passing, while the agent stands still there and so can do nothing about it. */
export function brokerKilled(passings: readonly Passing[]): readonly Job[] {
  return passings.map((passing) => ({
    pass: "broker killed at it",
    plans: [{ ...passing, action: "hold" }],
    fault: { kind: "kill-broker", delayMs: 0 },
  }));
}

/**
 * Pass 3, too: the agent goes on, and the broker dies up to 100 ms later. After an acknowledgement that is when the broker has
 * taken it and not written it yet.
 */
export function brokerKilledSoon(passings: readonly Passing[], random: Random): readonly Job[] {
  return passings.map((passing) => ({
    pass: "broker killed soon after",
    plans: [{ ...passing, action: "tell" }],
    fault: {
      kind: "kill-broker",
      delayMs: passing.point === "delivery.acknowledged" ? 5 + random(30) : random(100),
    },
  }));
}

/** The broker stores, and what it answers is lost, then the connection. */
export function answersLost(passings: readonly Passing[]): readonly Job[] {
  return passings
    .filter(({ point }) => point.endsWith("before-append") || point === "delivery.before-burial")
    .map((passing) => ({
      pass: "answer lost",
      plans: [{ ...passing, action: "hold" }],
      fault: { kind: "lose-answers" },
    }));
}

/** The connection ends in the middle of a batch. */
export function batchesHalved(passings: readonly Passing[]): readonly Job[] {
  return passings
    .filter(({ point }) => point === "commit.before-append")
    .map((passing) => ({
      pass: "batch half sent",
      plans: [{ ...passing, action: "hold" }],
      fault: { kind: "half-batch" },
    }));
}

/** Pass 4: of each run in which an agent died, the one that took over dies as well, at a passing of its own. */
export function agentKilledAgain(first: readonly { job: Job; result: RunResult }[], random: Random): readonly Job[] {
  return first.flatMap(({ job, result }) => {
    const recovery = result.lives[1] ?? [];
    const passing = recovery[random(recovery.length)];
    if (passing === undefined) return [];
    return [{ pass: "agent killed again", plans: [...job.plans, { ...passing, action: "die" }], fault: none }] as const;
  });
}
