// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors
//
// `npm run test:run`: runs the tests. On a machine that nobody watches (`CI`) files in which one failed run once more, in a
// process and at a broker of their own, and the summary names them: it is a defect all the same.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunOutcome } from "./summary-reporter.ts";

const folder = await mkdtemp(join(tmpdir(), "parley-outcome-"));
const outcomeFile = join(folder, "outcome.json");

/** Runs vitest and gives its exit code. */
async function vitest(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const program = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
  const running = spawn(process.execPath, [program, "run", ...args], {
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  const [code] = (await once(running, "exit")) as [number | null];
  return code ?? 1;
}

/** What the run said in the end; undefined when it did not come to its end. */
async function outcome(): Promise<RunOutcome | undefined> {
  try {
    return JSON.parse(await readFile(outcomeFile, "utf8")) as RunOutcome;
  } catch {
    return undefined;
  }
}

try {
  process.exitCode = await vitest(process.argv.slice(2), { PARLEY_TEST_OUTCOME: outcomeFile });
  const first = await outcome();
  const isWorthIt = first !== undefined && !first.isFinal && first.failedFiles.length > 0;
  if (process.env["CI"] && process.exitCode !== 0 && isWorthIt)
    process.exitCode = await vitest(first.failedFiles, { PARLEY_TEST_EARLIER: JSON.stringify(first) });
} finally {
  await rm(folder, { recursive: true, force: true });
}
