// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { durationMs } from "@bufbuild/protobuf/wkt";
import type { PolicyOverlay } from "@parley/contracts/parley/mesh/v1/overlay_pb.js";
import { duration } from "./duration.ts";
import { listLines } from "./list.ts";
import { moment } from "./moment.ts";
import type { Style } from "./style.ts";

/** Overlays as a table: what holds, until when, by whom and why. */
export function overlayTable(overlays: readonly PolicyOverlay[], style: Style): readonly string[] {
  const head = ["METHOD", "HOLDS", "UNTIL", "BY", "REASON"];
  const rows = overlays.map((one) => [one.method, overlayText(one), moment(one.expiresAt), one.author, one.reason]);
  return listLines({ head, rows, none: "no method is overridden" }, style);
}

/** What an overlay sets, in one line. */
export function overlayText({ timeout, retry, breaker, maxConcurrency }: PolicyOverlay): string {
  const delays = retry?.delays.map((delay) => duration(durationMs(delay))).join(", ");
  const { failureRate, window, minimumCalls, openFor, halfOpenProbes } = breaker ?? {};
  const limits = [
    failureRate !== undefined && `at ${failureRate * 100} %`,
    window !== undefined && `of ${duration(durationMs(window))}`,
    minimumCalls !== undefined && `from ${minimumCalls} calls`,
    openFor !== undefined && `for ${duration(durationMs(openFor))}`,
    halfOpenProbes !== undefined && `${halfOpenProbes} probes`,
  ].filter((limit) => limit !== false);
  return [
    timeout !== undefined && `timeout ${duration(durationMs(timeout))}`,
    delays !== undefined && `retries ${delays || "none"}`,
    breaker !== undefined && `breaker ${limits.join(" ")}`.trimEnd(),
    maxConcurrency !== undefined && `${maxConcurrency} at once`,
  ]
    .filter((setting) => setting !== false)
    .join("; ");
}
