// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { writeFileSync } from "node:fs";
import type { SerializedError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";

/** What a run leaves to one that repeats it in part. */
export interface RunOutcome {
  /** Files in which something failed, by their paths from the root of the repository. */
  readonly failedFiles: readonly string[];
  /** Names of the tests that failed, with their files. */
  readonly failedTests: readonly string[];
  /** Tests of the other files. */
  readonly passed: number;
  readonly skipped: number;
  /** Whether something failed that belongs to no file: no repetition takes that back. */
  readonly isFinal: boolean;
}

/**
 * Ends a run with one plain line, `N passed, N failed`, which any program that watches can read. Where the run repeats files of
 * an earlier one (`PARLEY_TEST_EARLIER`) it counts for both, and tests that failed the first time are named before it.
 * `PARLEY_TEST_OUTCOME` names a file that takes what it takes to repeat the run.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const { PARLEY_TEST_EARLIER: told, PARLEY_TEST_OUTCOME: file } = process.env;
    const earlier = told === undefined ? undefined : (JSON.parse(told) as RunOutcome);
    const outside = new Set(unhandled.map((error) => error.VITEST_TEST_PATH));
    const isFailed = (module: TestModule) => module.state() === "failed" || outside.has(module.moduleId);
    const again = modules.filter(isFailed);
    const [ofFailed, ofOthers] = [again, modules.filter((module) => !isFailed(module))].map(countsOf);
    const outcome: RunOutcome = {
      failedFiles: again.map(({ relativeModuleId }) => relativeModuleId),
      failedTests: again.flatMap(namesOfFailed),
      passed: (ofOthers?.passed ?? 0) + (earlier?.passed ?? 0),
      skipped: (ofOthers?.skipped ?? 0) + (earlier?.skipped ?? 0),
      isFinal: unhandled.some((error) => modules.every(({ moduleId }) => moduleId !== error.VITEST_TEST_PATH)),
    };
    if (file !== undefined) writeFileSync(file, JSON.stringify(outcome));
    const passed = outcome.passed + (ofFailed?.passed ?? 0);
    const failed = unhandled.length + (ofFailed?.failed ?? 0);
    const skipped = outcome.skipped + (ofFailed?.skipped ?? 0);
    const mended = (earlier?.failedTests ?? []).filter((name) => !outcome.failedTests.includes(name));
    const flaky = mended.map((name) => `passed at the second try only, so something is wrong: ${name}\n`).join("");
    const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
    // After the default reporter, which prints its own summary in this same hook.
    setImmediate(() => process.stdout.write(`\n${flaky}${line}\n`));
  }
}

function countsOf(modules: readonly TestModule[]): { passed: number; failed: number; skipped: number } {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      counts[state === "pending" ? "skipped" : state]++;
    }
    // A file that could not be run has no test that failed.
    if (module.state() === "failed" && module.errors().length > 0) counts.failed++;
  }
  return counts;
}

function namesOfFailed(module: TestModule): readonly string[] {
  const failed = [...module.children.allTests("failed")].map(({ fullName }) => fullName);
  return (failed.length > 0 ? failed : ["the file"]).map((name) => `${module.relativeModuleId}: ${name}`);
}
