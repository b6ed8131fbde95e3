// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doJobs, recordPassings } from "./enumerate.ts";
import { firstViolation } from "./kill-mutants.ts";
import { type Lanes, openLanes } from "./lanes.ts";
import { mutants } from "./mutants.ts";
import { olderVersion } from "./older-version.ts";
import { agentKilled, answersLost, batchesHalved, brokerKilled, brokerKilledSoon, type Job } from "./passes.ts";
import type { Passing } from "./plan.ts";
import { seeded } from "./random.ts";
import { redriveDeaths, redrivenOnce } from "./redriven-once.ts";
import { stoppedWriter } from "./stopped-writer.ts";

// Another sample each time; `npm run test:crash` does all.
const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 100_000);

describe("a crash", { timeout: 90_000 }, () => {
  let lanes: Lanes;
  let passings: readonly Passing[];

  beforeAll(async () => {
    lanes = await openLanes(3);
    passings = await recordPassings(lanes);
  });
  afterAll(() => lanes[Symbol.asyncDispose]());

  test(`of an agent or the broker at named points loses and doubles nothing (sample ${seed}) [R56]`, async () => {
    const random = seeded(seed);
    const some = (jobs: readonly Job[], count: number) =>
      Array.from({ length: count }, () => jobs[random(jobs.length)]).filter((job) => job !== undefined);
    const acknowledged = passings.filter(({ point }) => point === "delivery.acknowledged");
    const jobs = [
      ...some(agentKilled(passings), 1),
      ...some(brokerKilled(passings), 1),
      ...some(brokerKilledSoon(acknowledged, random), 1),
      ...some(answersLost(passings), 1),
      ...some(batchesHalved(passings), 1),
    ];
    const done = await doJobs(lanes, jobs, () => {});
    expect(done.flatMap(({ result }) => result.violations.map((violation) => `${result.name}: ${violation}`))).toEqual(
      [],
    );
  });

  // These leave the brokers alone, so they can share them.
  test.concurrent("does not let a writer that stood still overwrite what another one decided meanwhile", async () => {
    const [violations] = await lanes.map([1], (_, lane) => stoppedWriter(lane));
    expect(violations).toEqual([]);
  });

  test.concurrent("or a deployment: an instance of an older version refuses the keys that it does not understand", async () => {
    const [violations] = await lanes.map([1], (_, lane) => olderVersion(lane));
    expect(violations).toEqual([]);
  });

  test.concurrent("while a dead letter is redriven doubles nothing (sample)", async () => {
    const deaths = [redriveDeaths[seed % redriveDeaths.length]].filter((death) => death !== undefined);
    const [violations] = await lanes.map(deaths, (death, lane) => redrivenOnce(lane, death));
    expect(violations).toEqual([]);
  });

  test.concurrent("is seen by the checks when the mesh publishes under new ids after it", async () => {
    const mutant = mutants.find(({ name }) => name === "publishes under new ids when it handles again");
    expect(mutant && (await firstViolation(lanes, mutant, passings))).toMatch(/^I2: 2 NoteMailed/);
  });

  test.each(mutants)("has a defect to be seen that fits into the source: $name", ({ file, from }) => {
    const source = readFileSync(join(import.meta.dirname, "../../mesh/src", file), "utf8");
    expect(source.split(from)).toHaveLength(2);
  });
});
