// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { openLanes } from "./lanes.ts";
import { lateStep } from "./late-step.ts";
import { runSagas, type SagaRun } from "./saga-run.ts";
import { windowLine } from "./windows.ts";

/** Windows of sagas, with what has to happen within them. */
const windows = [
  [8, "step sent / state stored", ["saga.before-write", "saga.after-write", "saga.before-call"]],
  [9, "reply received / state stored", ["saga.after-call"]],
  [10, "undo begun / over", ["saga.before-undo", "saga.after-undo"]],
  [11, "undo overtakes the step", ["agent stood still"]],
  [12, "timer set, fired / state stored", ["saga.parked"]],
] as const;

/** Sagas under random faults: prints what happened, and ends with 1 when an invariant does not hold. */
export async function sagaSuite(): Promise<void> {
  const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 100_000);
  const count = Number(process.env["CRASH_SAGAS"] ?? "1000");
  const paceMs = Number(process.env["CRASH_PACE_MS"] ?? "1500");
  const faultEveryMs = Number(process.env["CRASH_FAULT_MS"] ?? "2500");
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  say(`${count} sagas, seed ${seed}`);
  await using lanes = await openLanes(1);
  const late = (await lanes.map([1, 2, 3], (_, lane) => lateStep(lane))).flat();
  const [run] = await lanes.map([1], (_, lane) =>
    runSagas({
      ...lane,
      count,
      seed,
      processes: 3,
      paceMs,
      faultEveryMs,
      limitMs: 300_000,
      onOpen: (open) => void process.stderr.write(`${open} are not over yet\n`),
    }),
  );
  if (run === undefined) return;
  for (const violation of [...late, ...run.violations]) say(`  VIOLATION ${violation}`);
  for (const line of sagaLines(run)) say(line);
  say(windowLine(11, "undo overtakes the step", `3 runs (held before the call), violations ${late.length}`));
  if (run.violations.length + late.length > 0) process.exitCode = 1;
}

/** What a run came to, a line each. */
export function sagaLines({ violations, statuses, faults, tookMs }: SagaRun): readonly string[] {
  const told = (counts: Iterable<readonly [string, number]>) =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(", ");
  return [
    `faults: ${told(faults)}`,
    ...windows.map(([number, name, within]) => {
      const hits = within.map((fault) => [fault, faults.get(fault) ?? 0] as const);
      return windowLine(number, name, `${told(hits)}; violations ${violations.length} of all`);
    }),
    `sagas: ${told(Object.entries(statuses))}; violations ${violations.length} (${Math.round(tookMs / 1_000)} s)`,
  ];
}
