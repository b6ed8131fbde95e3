// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Temporal } from "temporal-polyfill";
import { merged, minuteMs, overlaps, shared, type TimeWindow } from "../time/time-window.ts";
import { type DailyHours, instantOf, localDates } from "../time/time-zone.ts";
import type { Buffers, Provider } from "./provider.ts";
import { recurringDays } from "./recurring-days.ts";

/** Appointments begin at a quarter of an hour. The offset of every zone is a whole number of quarters, so one grid does for all. */
export const slotStepMs = 15 * minuteMs;

/** What to look for. */
export interface Search {
  /** Where; overlaps count once. */
  readonly windows: readonly TimeWindow[];
  readonly durationMinutes: number;
  /** Nothing begins before. */
  readonly now: number;
  /** At most so many, spread evenly over the windows, the earliest of each. */
  readonly most: number;
  /** What is to be kept free around the appointment; unset: nothing. */
  readonly buffers?: Buffers | undefined;
}

/** A time that is taken, with what is kept free around it; unset: nothing. */
export interface Taken extends TimeWindow {
  readonly around?: TimeWindow | undefined;
}

/** The window with its buffers. */
export function withBuffers({ start, end }: TimeWindow, buffers: Buffers | undefined): TimeWindow {
  const { beforeMinutes = 0, afterMinutes = 0 } = buffers ?? {};
  return { start: start - beforeMinutes * minuteMs, end: end + afterMinutes * minuteMs };
}

/** Whether an appointment could not be at that time: neither may reach into what is kept free around the other. */
export function collides(time: TimeWindow, buffers: Buffers | undefined, taken: Taken): boolean {
  return overlaps(taken, withBuffers(time, buffers)) || overlaps(taken.around ?? taken, time);
}

/**
 * The times at which an appointment could be: within working hours and one of the windows, clear of everything in `busy`.
 * By start. They overlap one another, since each is free by itself, but never a busy time.
 */
export function freeTimes(provider: Provider, busy: readonly Taken[], search: Search): readonly TimeWindow[] {
  const windows = merged(search.windows);
  const mostOfEach = Math.max(1, Math.floor(search.most / Math.max(1, windows.length)));
  return windows
    .flatMap((window) => {
      const { buffers } = search;
      const nearby = busy.filter((taken) => collides(window, buffers, taken));
      return [...startsIn(provider, window, search)]
        .filter((time) => !nearby.some((taken) => collides(time, buffers, taken)))
        .slice(0, mostOfEach);
    })
    .slice(0, search.most);
}

/** When the provider is at work within the window, across daylight saving. By start, without overlaps. */
export function openTimes(provider: Provider, window: TimeWindow): readonly TimeWindow[] {
  if (window.start >= window.end) return [];
  const days = localDates(window, provider.timeZone, 100);
  const weekly = days.flatMap((date) =>
    provider.workingHours.filter(({ day }) => day === date.dayOfWeek).map(({ hours }) => on(date, hours, provider)),
  );
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return [];
  const ruled = (provider.recurringHours ?? []).flatMap((recurring) =>
    recurringDays(recurring, first, last).map((date) => on(date, recurring.hours, provider)),
  );
  return merged([...weekly, ...ruled]).flatMap((open) => shared(open, window) ?? []);
}

function on(date: Temporal.PlainDate, hours: DailyHours, { timeZone }: Provider): TimeWindow {
  return {
    start: instantOf(date, hours.from, { timeZone, side: "first" }),
    end: instantOf(date, hours.until, { timeZone, side: "last" }),
  };
}

function* startsIn(provider: Provider, window: TimeWindow, { durationMinutes, now }: Search): Iterable<TimeWindow> {
  const length = durationMinutes * minuteMs;
  for (const open of openTimes(provider, { start: Math.max(window.start, now), end: window.end })) {
    let start = Math.ceil(open.start / slotStepMs) * slotStepMs;
    for (; start + length <= open.end; start += slotStepMs) yield { start, end: start + length };
  }
}
