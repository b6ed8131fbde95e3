// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { dayMs, merged, shared, type TimeWindow } from "../time/time-window.ts";
import { busyPeriods, type CalendarEvent, calendarEvent, instantOf } from "./calendar-event.ts";
import { calendarLines } from "./calendar-lines.ts";
import { isOurs } from "./feed.ts";
import { occurrencesOf } from "./occurrences.ts";
import { WallClocks } from "./wall-clock.ts";

/** When a calendar says that somebody is busy. */
export interface BusyTimes {
  /** Within the coming year, by start, without overlaps. */
  readonly windows: readonly TimeWindow[];
  /** What could not be read, in words; the rest counts all the same. */
  readonly problems: readonly string[];
}

/** Whose calendar it is. */
export interface Owner {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** IANA name in which whole days and times without a zone are meant. */
  readonly timeZone: string;
}

const horizonMs = 366 * dayMs;
/** More than that nobody is busy within a year; the state of a calendar must stay small. */
export const mostWindows = 5_000;
const mostProblems = 20;
/** Rules that are too costly before the others are left out as well. */
const mostCostly = 5;

/**
 * The busy times of an iCalendar text: recurring events with their exceptions, whole days, any time zone, free/busy lists.
 * Cancelled and transparent events leave the time free, and so do the appointments that were made here and exported. Never
 * throws; its time is bounded whatever the text is.
 */
export function busyTimesIn(text: string, { now, timeZone }: Owner): BusyTimes {
  const lines = calendarLines(text);
  const clocks = new WallClocks(timeZone, lines.zones);
  const within = { start: now, end: now + horizonMs };
  const problems = [...lines.problems];
  const windows: TimeWindow[] = [];
  const attempt = <T>(name: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message.slice(0, 200) : "cannot be read"}`);
      return undefined;
    }
  };
  const events = lines.events.flatMap((entry) => attempt(entry.name, () => calendarEvent(entry, clocks)) ?? []);
  const replaced = replacedIn(events);
  let costly = 0;
  for (const event of events.filter(({ isFree, uid }) => !isFree && !isOurs(uid))) {
    const gone = event.insteadOf === undefined ? replaced.get(event.uid) : undefined;
    if (event.rule !== undefined && costly >= mostCostly) {
      problems.push(`${event.name}: left out, too many rules of this calendar repeat too often`);
      continue;
    }
    const found = attempt(event.name, () => occurrencesOf(event, within));
    if (found === undefined && event.rule !== undefined) costly += 1;
    windows.push(
      ...(found ?? []).filter(({ start }) => gone?.has(start) !== true).flatMap((time) => shared(time, within) ?? []),
    );
  }
  for (const entry of lines.busy) {
    const periods = attempt(entry.name, () => busyPeriods(entry, clocks)) ?? [];
    windows.push(...periods.flatMap((time) => shared(time, within) ?? []));
  }
  const all = merged(windows);
  if (all.length > mostWindows) problems.push(`only the first ${mostWindows} of ${all.length} busy times are kept`);
  return { windows: all.slice(0, mostWindows), problems: shortened(problems) };
}

/** The occurrences that are replaced, by uid. */
function replacedIn(events: readonly CalendarEvent[]): ReadonlyMap<string, ReadonlySet<number>> {
  const replaced = new Map<string, Set<number>>();
  for (const { uid, insteadOf } of events) {
    if (insteadOf === undefined) continue;
    replaced.set(uid, (replaced.get(uid) ?? new Set()).add(instantOf(insteadOf, "first")));
  }
  return replaced;
}

function shortened(problems: readonly string[]): readonly string[] {
  if (problems.length <= mostProblems) return problems;
  return [...problems.slice(0, mostProblems), `and ${problems.length - mostProblems} more`];
}
