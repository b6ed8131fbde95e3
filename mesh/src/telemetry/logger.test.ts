// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { createLogger, type Logger, traceFields } from "./logger.ts";
import { extract } from "./propagation.ts";

function listen(level?: string): { readonly logger: Logger; readonly lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const logger = createLogger(level, { write: (line) => written.push(line) });
  return { logger, lines: () => written.map((line) => JSON.parse(line)) };
}

test("warnings and errors are written unless told otherwise", () => {
  for (const level of [undefined, "", "warn"]) {
    const { logger, lines } = listen(level);
    logger.info("quiet");
    logger.warn({ agent_id: "a" }, "heard");
    expect(lines()).toEqual([{ level: "warn", time: expect.any(String), agent_id: "a", msg: "heard" }]);
  }
});

test("an unknown level is warned of once, with those that there are, and taken as warn", () => {
  const { logger, lines } = listen("loud");
  logger.info("quiet");
  const msg = 'PARLEY_LOG is "loud", taken as "warn"; write one of debug, info, warn, error, silent';
  expect(lines()).toEqual([{ level: "warn", time: expect.any(String), msg }]);
});

test("the level can be lower, or silent", () => {
  const debug = listen("debug");
  debug.logger.debug("fine");
  expect(debug.lines()).toMatchObject([{ level: "debug", msg: "fine" }]);
  const silent = listen("silent");
  silent.logger.error("none");
  expect(silent.lines()).toEqual([]);
});

test("a child puts its fields and where the trace stands into each line", () => {
  const { logger, lines } = listen("info");
  const at = extract((name) =>
    name === "traceparent" ? "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" : undefined,
  );
  const child = logger.child({ agent_id: "shop", correlation_id: "c-1", ...traceFields(at) });
  child.info({ stock: 3 }, "sold");
  expect(lines()).toMatchObject([
    {
      agent_id: "shop",
      correlation_id: "c-1",
      trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
      span_id: "00f067aa0ba902b7",
      stock: 3,
      msg: "sold",
    },
  ]);
});

test("an error keeps its stack and its cause", () => {
  const { logger, lines } = listen();
  logger.error({ err: new Error("outer", { cause: new TypeError("inner") }) }, "failed");
  expect(lines()[0]?.["err"]).toMatchObject({ stack: expect.stringContaining("inner") });
});
