// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { DiagLogLevel, diag } from "@opentelemetry/api";
import type { Logger } from "./logger.ts";

/**
 * Takes the SDK's own messages to our log instead of the console. The first error is a warning there, for a collector that
 * nobody reaches should be noticed; the next ones, a line each few seconds while it is away, are for debugging.
 */
export function reportSdkTroubles(logger: Logger): void {
  let warned = false;
  const debug = (message: string) => logger.debug({ telemetry: message }, "telemetry");
  const error = (message: string) => {
    if (warned) return debug(message);
    warned = true;
    logger.warn({ telemetry: message }, "telemetry is not sent; further errors are logged at level debug");
  };
  diag.setLogger(
    { error, warn: debug, info: debug, debug, verbose: debug },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
