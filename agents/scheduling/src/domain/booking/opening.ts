// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { dayMs, merged, type TimeWindow } from "../time/time-window.ts";
import { openTimes } from "./availability.ts";
import type { Provider } from "./provider.ts";

const horizonMs = 28 * dayMs;

/** The times within four weeks at which a provider works by the new description and did not by the old one. */
export function openedTimes(before: Provider, after: Provider, now: number): readonly TimeWindow[] {
  const window = { start: now, end: now + horizonMs };
  const closed = openTimes(before, window);
  return openTimes(after, window).flatMap((open) => without(open, closed));
}

/** A window less others. */
function without(window: TimeWindow, others: readonly TimeWindow[]): readonly TimeWindow[] {
  let { start } = window;
  const left: TimeWindow[] = [];
  for (const other of merged(others)) {
    if (other.end <= start || other.start >= window.end) continue;
    if (other.start > start) left.push({ start, end: other.start });
    start = other.end;
  }
  return start < window.end ? [...left, { start, end: window.end }] : left;
}
