// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Violation } from "./invariants.ts";
import type { Lane, Lanes } from "./lanes.ts";
import type { Mutant } from "./mutants.ts";
import type { Passing } from "./plan.ts";
import { run } from "./run.ts";
import { stoppedWriter } from "./stopped-writer.ts";
import { threeNodes } from "./three-nodes.ts";

/**
 * Whether the checks see a deliberate defect: the first violation that any run finds with it, at its crash point passing by
 * passing. Undefined: it lives, so the checks are worth less than they seem.
 */
export async function firstViolation(
  lanes: Lanes,
  mutant: Mutant,
  passings: readonly Passing[],
): Promise<Violation | undefined> {
  for (const attempt of attemptsOf(mutant, passings)) {
    const [violations = []] = await lanes.map([attempt], (work, lane) => work(lane));
    // That nothing works at all proves nothing about the checks.
    if (violations.some((violation) => violation.includes("no agent process"))) throw new Error(violations.join("; "));
    if (violations.length > 0) return violations[0];
  }
  return undefined;
}

type Attempt = (lane: Lane) => Promise<readonly Violation[]>;

function attemptsOf({ name, at, of }: Mutant, passings: readonly Passing[]): readonly Attempt[] {
  if (at === "stopped writer") return [(lane) => stoppedWriter(lane, name)];
  if (at === "three nodes") return [async () => (await threeNodes(["events"], name)).violations];
  if (at === undefined) return [async (lane) => (await run({ ...lane, mutant: name })).violations];
  return passings
    .filter((passing) => passing.point === at && (of === undefined || passing.of === of))
    .map((passing) => async (lane: Lane) => {
      const plans = [{ ...passing, action: "die" }] as const;
      return (await run({ ...lane, mutant: name, plans })).violations;
    });
}
