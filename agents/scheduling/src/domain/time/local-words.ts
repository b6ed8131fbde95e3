// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { isTimeZone, localTime } from "./time-zone.ts";

/** Whose clock the words are for, and which day it is there. */
export interface Reader {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** IANA name. */
  readonly timeZone: string;
}

const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const months = "January February March April May June July August September October November December".split(" ");

/** The day for people: "tomorrow, Sunday 22 November"; with the year when it is another one. */
function dayInWords(instant: number, { now, timeZone }: Reader): string {
  const day = localTime(instant, timeZone).toPlainDate();
  const today = localTime(now, timeZone).toPlainDate();
  const ahead = today.until(day).days;
  const near = ahead === 0 ? "today, " : ahead === 1 ? "tomorrow, " : "";
  const year = day.year === today.year ? "" : ` ${day.year}`;
  return `${near}${dateInWords(day)}${year}`;
}

/** The date for people, without its year: "Sunday 22 November". */
export function dateInWords({ dayOfWeek, day, month }: { dayOfWeek: number; day: number; month: number }): string {
  return `${weekdayInWords(dayOfWeek)} ${day} ${months[month - 1]}`;
}

/** The name of a day of the week, from 1, Monday. */
export function weekdayInWords(day: number): string {
  return weekdays[day - 1] ?? "";
}

/** Start and end of a time for people: "14:00–14:30". */
function hoursInWords(time: { start: number; end: number }, { timeZone }: Reader): string {
  return `${clock(time.start, timeZone)}–${clock(time.end, timeZone)}`;
}

/** Day, start and end for people. */
export function timeInWords(time: { start: number; end: number }, reader: Reader): string {
  return `${dayInWords(time.start, reader)}, ${hoursInWords(time, reader)}`;
}

/** The zone for people: "UTC", "Berlin time". */
export function zoneInWords(timeZone: string): string {
  if (!timeZone.includes("/")) return timeZone;
  return `${timeZone.slice(timeZone.lastIndexOf("/") + 1).replaceAll("_", " ")} time`;
}

/** The zone to use: the first one given that is not empty, else UTC; undefined when it is no zone. */
export function zoneOf(...names: readonly (string | undefined)[]): string | undefined {
  const name = names.find((candidate) => candidate !== undefined && candidate !== "") ?? "UTC";
  return isTimeZone(name) ? name : undefined;
}

function clock(instant: number, timeZone: string): string {
  return localTime(instant, timeZone).toPlainTime().toString({ smallestUnit: "minute" });
}
