// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { dayMs, hourMs, merged, shared, type TimeWindow } from "./time-window.ts";
import { type DailyHours, instantOf, localDates } from "./time-zone.ts";

/** When somebody would like to come. Instants in milliseconds since the epoch; days of the week from 1, Monday. */
export type Wanted =
  | { readonly kind: "any" }
  | { readonly kind: "at"; readonly start: number }
  | { readonly kind: "range"; readonly earliest: number; readonly latest: number }
  | {
      readonly kind: "days";
      readonly days: readonly number[];
      readonly earliest?: number | undefined;
      readonly latest?: number | undefined;
    };

/** A wish with the zone in which its days and hours are meant. */
export interface TimePreference {
  readonly wanted: Wanted;
  /** Unset: all day. */
  readonly hours?: DailyHours | undefined;
  readonly timeZone: string;
  /** The person's words. */
  readonly text?: string | undefined;
}

/** A wish as plain time. */
export interface Wish {
  /** Where to look, by start, without overlaps; empty when all of it has passed. */
  readonly windows: readonly TimeWindow[];
  /** The start that would be best; other times in the windows are then only near. */
  readonly ideal?: number | undefined;
  /** Whether a time was wished for at all. */
  readonly stated: boolean;
}

const openHorizonMs = 14 * dayMs;
const daysHorizonMs = 28 * dayMs;
/** No wish looks further than this from its first moment, nor further than a year from now. */
export const longestSearchMs = 92 * dayMs;
const furthestMs = 366 * dayMs;
const nearMs = 3 * hourMs;
const longestDays = 95;

/** Where a wish leads, seen from `now`. Never before now. */
export function wishOf(preference: TimePreference, now: number): Wish {
  const { wanted } = preference;
  if (wanted.kind === "at") {
    if (wanted.start < now || wanted.start > now + furthestMs)
      return { windows: [], ideal: wanted.start, stated: true };
    // Room for the longest appointment that begins at the far end.
    const near = { start: Math.max(now, wanted.start - nearMs), end: wanted.start + nearMs + 8 * hourMs };
    return { windows: [near], ideal: wanted.start, stated: true };
  }
  const range = searchRange(wanted, now);
  const stated = wanted.kind !== "any" || preference.hours !== undefined;
  if (range === undefined) return { windows: [], stated };
  return { windows: dailyWindows(range, preference), stated };
}

function searchRange(wanted: Exclude<Wanted, { kind: "at" }>, now: number): TimeWindow | undefined {
  const { earliest, latest } = limits(wanted, now);
  const start = Math.max(now, earliest);
  return shared({ start, end: Math.min(latest, start + longestSearchMs) }, { start: now, end: now + furthestMs });
}

function limits(wanted: Exclude<Wanted, { kind: "at" }>, now: number): { earliest: number; latest: number } {
  switch (wanted.kind) {
    case "any":
      return { earliest: now, latest: now + openHorizonMs };
    case "range":
      return wanted;
    case "days": {
      const earliest = Math.max(now, wanted.earliest ?? now);
      return { earliest, latest: wanted.latest ?? earliest + daysHorizonMs };
    }
  }
}

function dailyWindows(range: TimeWindow, preference: TimePreference): readonly TimeWindow[] {
  const { wanted, hours, timeZone } = preference;
  if (wanted.kind !== "days" && hours === undefined) return [range];
  const { from, until } = hours ?? { from: "00:00", until: "24:00" };
  const windows = localDates(range, timeZone, longestDays)
    .filter((date) => wanted.kind !== "days" || wanted.days.includes(date.dayOfWeek))
    .flatMap((date) => {
      const start = instantOf(date, from, { timeZone, side: "first" });
      const end = instantOf(date, until, { timeZone, side: "last" });
      return shared(range, { start, end }) ?? [];
    });
  return merged(windows);
}
