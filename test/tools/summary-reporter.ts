// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Reporter, TestModule } from "vitest/node";

/**
 * Ends a run with one plain line, `N passed, N failed`, which any program that watches can read. Tests that only passed when
 * they were tried again are named before it.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const again: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state === "pending" ? "skipped" : state]++;
        if (test.diagnostic()?.flaky === true) again.push(`${module.relativeModuleId}: ${test.name}`);
      }
      // A file that could not be run has no test that failed.
      if (module.state() === "failed" && module.errors().length > 0) counts.failed++;
    }
    counts.failed += unhandled.length;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    const told = again.map((name) => `passed at the second try only, so something is wrong: ${name}\n`).join("");
    // After the default reporter, which prints its own summary in this same hook.
    setImmediate(() => process.stdout.write(`\n${told}${counts.passed} passed, ${counts.failed} failed${skipped}\n`));
  }
}
