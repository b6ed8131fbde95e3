// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// Kills agents and brokers at every named point of one scenario and checks what is left: `npm run test:crash`. Ends with 1 when
// an invariant does not hold. CRASH_SEED chooses what is sampled, CRASH_LANES how many runs go on at once.
import { type Done, doJobs, recordPassings } from "./enumerate.ts";
import { firstViolation } from "./kill-mutants.ts";
import { openLanes } from "./lanes.ts";
import { mutants } from "./mutants.ts";
import { olderVersion } from "./older-version.ts";
import {
  agentKilled,
  agentKilledAgain,
  answersLost,
  batchesHalved,
  brokerKilled,
  brokerKilledSoon,
  type Job,
} from "./passes.ts";
import { seeded } from "./random.ts";
import { redriveDeaths, redrivenOnce } from "./redriven-once.ts";
import { sagaSuite } from "./saga-suite.ts";
import { stoppedWriter } from "./stopped-writer.ts";
import { threeNodes } from "./three-nodes.ts";
import { windowLine, windowLines } from "./windows.ts";

if (process.argv.includes("sagas")) {
  await sagaSuite();
  process.exit();
}
const seed = Number(process.env["CRASH_SEED"] ?? "1");
/** Pairs of crashes that are sampled. */
const pairs = Number(process.env["CRASH_PAIRS"] ?? "40");
const started = Date.now();
const random = seeded(seed);
const say = (line: string) => void process.stdout.write(`${line}\n`);
let violations = 0;

const fail = (name: string, found: readonly string[]) => {
  violations += found.length;
  for (const violation of found) say(`  VIOLATION ${name}: ${violation}`);
};

await using lanes = await openLanes(Number(process.env["CRASH_LANES"] ?? "3"));
const passings = await recordPassings(lanes);
const points = new Set(passings.map(({ point }) => point));
say(`${points.size} crash points, passed ${passings.length} times; seed ${seed}`);

const all: Done[] = [];
const pass = async (jobs: readonly Job[]): Promise<readonly Done[]> => {
  const before = Date.now();
  const done = await doJobs(lanes, jobs, ({ job, result }) => fail(`${job.pass}, ${result.name}`, result.violations));
  all.push(...done);
  const missed = done.filter(({ result }) => !result.reached).length;
  const found = done.reduce((sum, { result }) => sum + result.violations.length, 0);
  const name = jobs[0]?.pass ?? "";
  const idle = done.filter(({ result }) => result.reached && !result.met).length;
  const told = [missed > 0 ? `, ${missed} not reached` : "", idle > 0 ? `, ${idle} with nothing to damage` : ""].join(
    "",
  );
  say(
    `${name.padEnd(24)} ${done.length} runs${told}, violations ${found} (${Math.round((Date.now() - before) / 1_000)} s)`,
  );
  return done;
};
const first = await pass(agentKilled(passings));
await pass(brokerKilled(passings));
await pass(brokerKilledSoon(passings, random));
await pass(answersLost(passings));
await pass(batchesHalved(passings));
const sample = Array.from({ length: pairs }, () => first[random(first.length)]).filter((done) => done !== undefined);
await pass(agentKilledAgain(sample, random));

const alone = async (name: string, work: Promise<readonly (readonly string[])[]>) => {
  const found = (await work).flat();
  fail(name, found);
  return found.length;
};
const stopped = await alone(
  "stopped writer",
  lanes.map([1, 2, 3], (_, lane) => stoppedWriter(lane)),
);
const older = await alone(
  "older version",
  lanes.map([1], (_, lane) => olderVersion(lane)),
);

const redriven = await alone(
  "redriven once",
  lanes.map(redriveDeaths, (death, lane) => redrivenOnce(lane, death)),
);

for (const line of windowLines(all)) say(line);
say(windowLine(13, "writer stopped / another took over", `3 runs (SIGSTOP before the append), violations ${stopped}`));
say(
  windowLine(
    15,
    "redriven / removed from the dead letters",
    `${redriveDeaths.length} runs (operator or hearer killed), violations ${redriven}`,
  ),
);
say(windowLine(18, "versions mixed", `1 run (an older instance beside a newer one), violations ${older}`));

const cluster = await threeNodes(["journal", "events", "events"]);
fail("three nodes", cluster.violations);
say(
  `three nodes: ${cluster.events} events over kill -9 of 3 leaders, ${cluster.removed} compacted away in the journal, ` +
    `violations ${cluster.violations.length} (${Math.round(cluster.tookMs / 1_000)} s)`,
);

let lived = 0;
for (const mutant of mutants) {
  const found = await firstViolation(lanes, mutant, passings);
  if (found === undefined) lived++;
  say(`mutant "${mutant.name}": ${found === undefined ? "LIVES" : `seen, ${found}`}`);
}
const runs = all.length + 4 + redriveDeaths.length + 1;
const passes = new Set(all.map(({ job }) => job.pass)).size + 1;
say(
  `${passings.length} points × ${passes} passes, ${runs} runs, violations ${violations}; ` +
    `${mutants.length - lived} of ${mutants.length} mutants seen (${Math.round((Date.now() - started) / 1_000)} s)`,
);
if (violations > 0 || lived > 0) process.exitCode = 1;
