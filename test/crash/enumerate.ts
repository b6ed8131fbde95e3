// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Lanes } from "./lanes.ts";
import type { Job } from "./passes.ts";
import type { Passing } from "./plan.ts";
import { type RunResult, run } from "./run.ts";

/** A job and what came of it. */
export interface Done {
  readonly job: Job;
  readonly result: RunResult;
}

/** Pass 1: what the scenario passes when nothing goes wrong. */
export async function recordPassings(lanes: Lanes): Promise<readonly Passing[]> {
  const [result] = await lanes.map([undefined], (_, lane) => run(lane));
  if (result === undefined || result.violations.length > 0) {
    throw new Error(`without any fault: ${result?.violations.join("; ")}`);
  }
  return result.lives[0] ?? [];
}

/** How often a run is done anew that did not come to its passing: hearers take turns as they like. */
const tries = 2;

/** Does the jobs and tells of each. */
export async function doJobs(lanes: Lanes, jobs: readonly Job[], tell: (done: Done) => void): Promise<readonly Done[]> {
  return lanes.map(jobs, async (job, lane) => {
    for (let attempt = 1; ; attempt++) {
      const namespace = attempt === 1 ? lane.namespace : `${lane.namespace}-${attempt}`;
      const result = await run({ ...lane, namespace, ...job });
      if (!result.reached && result.violations.length === 0 && attempt < tries) continue;
      const done = { job, result };
      tell(done);
      return done;
    }
  });
}
