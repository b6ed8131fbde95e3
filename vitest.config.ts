import { defineConfig } from "vitest/config";
import { SlowFirst } from "./test/tools/slow-first.ts";

/** Test files that change what a process has only once: its telemetry, its timers, its time zone or its environment. */
const alone = [
  "mesh/src/telemetry/**/*.test.ts",
  "mesh/src/journal/commit-tally.test.ts",
  "test/telemetry/**/*.test.ts",
  "test/integration/gateway-trace.test.ts",
  "gateway/src/rest/stream-body.test.ts",
  "agents/scheduling/src/domain/sentence/understand.test.ts",
  "cli/src/**/*.test.ts",
];

const nowhere = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  test: {
    reporters: ["default", "./test/tools/summary-reporter.ts"],
    globalSetup: ["./test/broker.setup.ts"],
    // Tests assert on errors; the same errors as log lines would bury a failure.
    env: { PARLEY_LOG: "silent" },
    sequence: { sequencer: SlowFirst },
    // Much of the time is waited for brokers and processes: three keep two cores busy.
    maxWorkers: 3,
    // Far more than anything takes: only what hangs comes to it, however busy the machine is.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Vitest's own second is too short where three processes share two cores.
    expect: { poll: { timeout: 50_000, interval: 10 } },
    projects: [
      // Loading the mesh takes longer than most files; so a process loads it once for all the files that it runs.
      {
        extends: true,
        test: { name: "together", include: ["**/*.test.ts"], exclude: [...nowhere, ...alone], isolate: false },
      },
      { extends: true, test: { name: "alone", include: alone, exclude: nowhere } },
    ],
  },
});
