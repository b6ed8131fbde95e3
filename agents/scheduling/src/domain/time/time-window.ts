// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** A stretch of time: from `start` up to, not including, `end`; both in milliseconds since the epoch. */
export interface TimeWindow {
  readonly start: number;
  readonly end: number;
}

/** Milliseconds of a minute, an hour, a day of 24 hours. */
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Whether two windows share any time; touching ends do not count. */
export function overlaps(one: TimeWindow, other: TimeWindow): boolean {
  return one.start < other.end && other.start < one.end;
}

/** Whether `inner` lies wholly in `outer`. */
export function contains(outer: TimeWindow, inner: TimeWindow): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** What two windows share; undefined when nothing. */
export function shared(one: TimeWindow, other: TimeWindow): TimeWindow | undefined {
  const start = Math.max(one.start, other.start);
  const end = Math.min(one.end, other.end);
  return start < end ? { start, end } : undefined;
}

/** The same time as fewest windows, by start; windows that touch become one, empty ones go. */
export function merged(windows: readonly TimeWindow[]): readonly TimeWindow[] {
  const result: TimeWindow[] = [];
  for (const window of windows.filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last !== undefined && window.start <= last.end) {
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, window.end) };
    } else {
      result.push(window);
    }
  }
  return result;
}

/** The smallest window around all; undefined when there are none. */
export function bounds(windows: readonly TimeWindow[]): TimeWindow | undefined {
  if (windows.length === 0) return undefined;
  const start = windows.reduce((least, window) => Math.min(least, window.start), Number.POSITIVE_INFINITY);
  const end = windows.reduce((most, window) => Math.max(most, window.end), Number.NEGATIVE_INFINITY);
  return { start, end };
}
