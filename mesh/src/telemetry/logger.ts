// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { trace } from "@opentelemetry/api";
import { type DestinationStream, destination, pino } from "pino";
import type { TraceContext } from "./propagation.ts";

/** A line with fields, or a line. */
export interface Log {
  (fields: object, message: string): void;
  (message: string): void;
}

/** Where agents and the mesh write what happens: lines of JSON. */
export interface Logger {
  readonly debug: Log;
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
  /** A logger that puts these fields into each line. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
  isLevelEnabled(level: LogLevel): boolean;
}

/** Levels, quietest last; at a level the ones after it are written too. */
export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

/** One of {@link logLevels}. */
export type LogLevel = (typeof logLevels)[number];

/**
 * Creates a logger.
 *
 * @param level What PARLEY_LOG says; default, also for unknown words, which are warned of: `warn`
 * @param stream Default: standard error, since standard output is for what was asked for
 */
export function createLogger(level: string | undefined, stream?: DestinationStream): Logger {
  const known = logLevels.find((each) => each === level);
  const created = pino(
    {
      level: known ?? "warn",
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    // Written at once: the last lines before a crash are the ones that matter.
    stream ?? destination({ fd: 2, sync: true }),
  );
  if (level && known === undefined) {
    created.warn(`PARLEY_LOG is ${JSON.stringify(level)}, taken as "warn"; write one of ${logLevels.join(", ")}`);
  }
  return created;
}

/** The process's logger. */
export const logger: Logger = createLogger(process.env["PARLEY_LOG"]);

/** Where a trace stands, as fields of a line; no fields without a trace. */
export function traceFields(at: TraceContext): { readonly trace_id?: string; readonly span_id?: string } {
  const span = trace.getSpanContext(at);
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}
