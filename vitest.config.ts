import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    reporters: ["default", "./test/tools/summary-reporter.ts"],
    globalSetup: ["./test/broker.setup.ts"],
    // Tests assert on errors; the same errors as log lines would bury a failure.
    env: { PARLEY_LOG: "silent" },
    // Most of the time is waited for brokers and processes, so both cores are kept busy.
    maxWorkers: 2,
    // On a machine that nobody watches a test is tried once more, and the summary names it: it is a defect all the same.
    retry: process.env["CI"] ? 1 : 0,
    // Far more than anything takes: only what hangs comes to it, however busy the machine is.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
