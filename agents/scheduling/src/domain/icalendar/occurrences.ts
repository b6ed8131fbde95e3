// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { RRuleTemporal } from "rrule-temporal";
import { Temporal } from "temporal-polyfill";
import { dayMs, type TimeWindow } from "../time/time-window.ts";
import { type CalendarEvent, endOf, instantOf, type WrittenTime } from "./calendar-event.ts";

/** One time at which an event takes place. */
export interface Occurrence extends TimeWindow {
  /** When it begins by the rule: what an occurrence that stands in its place refers to. */
  readonly start: number;
}

/** Bounds of one rule; one that runs into them is refused as a whole. */
const bounded = { maxIterations: 5_000, maxCandidateEvaluations: 20_000 } as const;

/** Rules that repeat by the hour or oftener are nobody's calendar, but cost as much as all others together. */
const often = /FREQ=(?:SECONDLY|MINUTELY|HOURLY)|BYMINUTE=|BYSECOND=/i;

/**
 * The times at which an event takes place within a window; those that are replaced elsewhere are among them.
 *
 * @throws Error saying what is wrong with its rule or its end
 */
export function occurrencesOf(event: CalendarEvent, within: TimeWindow): readonly Occurrence[] {
  const { start, end, rule, more, except } = event;
  const first = { start: instantOf(start, "first"), end: endOf(start, end) };
  if (first.end < first.start) throw new Error("ends before it begins");
  const length = end instanceof Temporal.Duration ? end : start.wall.until(end.wall, { largestUnit: "day" });
  const lasting = first.end - first.start;
  const times = rule === undefined ? [start] : byRule(event, { start: within.start - lasting, end: within.end });
  const excepted = new Set(except.map((time) => instantOf(time, "first")));
  const dates = new Set(except.filter(({ isDate }) => isDate).map(({ wall }) => wall.toPlainDate().toString()));
  return [...times, ...more]
    .filter((time) => !excepted.has(instantOf(time, "first")) && !dates.has(time.wall.toPlainDate().toString()))
    .map((time) => ({ start: instantOf(time, "first"), end: lastingFrom(time, length, lasting) }));
}

/** Whole days stay whole days across a clock change; anything shorter stays as long as it is. */
function lastingFrom(time: WrittenTime, length: Temporal.Duration, lasting: number): number {
  return time.isDate ? endOf(time, length) : instantOf(time, "first") + lasting;
}

/** Rules are reckoned on the clock on the wall, where each day has 24 hours. */
function byRule({ start, rule = "" }: CalendarEvent, within: TimeWindow): readonly WrittenTime[] {
  if (often.test(rule)) throw new Error(`repeats too often: "${rule.slice(0, 80)}"`);
  const utc = (wall: Temporal.PlainDateTime) => wall.toZonedDateTime("UTC");
  const shown = (instant: number) => utc(start.clock.shown(instant));
  const dates = new RRuleTemporal({
    rruleString: rule.replace(/UNTIL=([0-9TZ-]+)/i, (_, until: string) => `UNTIL=${lastOnWall(until, start)}`),
    dtstart: utc(start.wall),
    ...bounded,
  });
  return dates
    .between(shown(within.start - dayMs), shown(within.end + dayMs), true)
    .map((moment) => ({ ...start, wall: Temporal.PlainDateTime.from(moment.toString().slice(0, 19)) }));
}

/** The end of a rule is written in UTC; on the wall it is another time. */
function lastOnWall(until: string, { clock }: WrittenTime): string {
  const [, year, month, day, time, zulu] = /^(\d{4})-?(\d{2})-?(\d{2})(?:T?(\d{6}))?(Z?)$/.exec(until) ?? [];
  if (year === undefined) throw new Error(`repeats until "${until.slice(0, 40)}", which is no time`);
  const clockTime = time === undefined ? "235959" : time;
  const wall = Temporal.PlainDateTime.from(`${year}${month}${day}T${clockTime}`);
  const local = zulu === "Z" ? clock.shown(wall.toZonedDateTime("UTC").epochMilliseconds) : wall;
  return `${local.toString({ smallestUnit: "second" }).replaceAll(/[-:]/g, "")}Z`;
}
