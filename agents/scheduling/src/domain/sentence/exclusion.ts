// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";
import type { DailyHours } from "../time/time-zone.ts";
import { minutesOf } from "./clock-time.ts";
import type { DayWords } from "./date-span.ts";
import { sharedHours } from "./day-hours.ts";
import type { TimeWords } from "./time-words.ts";
import { windowInWords } from "./window-words.ts";

const week = [1, 2, 3, 4, 5, 6, 7];

/**
 * The wish without what was ruled out. It may lose more than that (a Monday within a month takes all Mondays), never less;
 * days or hours of which nothing is left become unset, to be asked for.
 */
export function excluding(words: TimeWords | undefined, out: TimeWords | undefined): TimeWords | undefined {
  if (out === undefined) return words;
  const wish: TimeWords = words ?? { text: "" };
  const ofDay = out.hours !== undefined || out.at !== undefined;
  const days = out.days === undefined ? wish.days : daysWithout(wish.days, out.days);
  // "Not tomorrow afternoon, tomorrow morning" rules out neither the day nor the morning.
  if (out.days !== undefined && ofDay && days === undefined && apart(wish, out)) return words;
  const clock = out.days === undefined && ofDay ? clockWithout(wish, out) : { hours: wish.hours, at: wish.at };
  const moment = out.moment === undefined && out.days === undefined ? wish.moment : undefined;
  const left = { days, ...clock, moment };
  const empty = days === undefined && clock.hours === undefined && clock.at === undefined && moment === undefined;
  return empty ? undefined : { ...left, text: windowInWords(left) };
}

/** Whether ruling something out has left the day or the time open. */
export function leftOpen(words: TimeWords | undefined, out: TimeWords | undefined): boolean {
  if (out === undefined) return false;
  if (out.days !== undefined) return words?.days === undefined;
  return words?.hours === undefined && words?.at === undefined;
}

function daysWithout(days: DayWords | undefined, out: DayWords): DayWords | undefined {
  const { spans, weekdays } = days ?? { spans: [], weekdays: [] };
  if (spans.length > 0 && spans.every(({ first, last }) => first === last)) {
    const left = spans.filter(({ first }) => !isOut(first, out));
    return left.length === 0 ? undefined : { spans: left, weekdays };
  }
  const dates = (spans.length === 0 ? out.spans : spans).flatMap(datesOf).filter((date) => isOut(date, out));
  const gone = spans.length === 0 && out.weekdays.length > 0 ? out.weekdays : dates.map(weekdayOf);
  const left = (weekdays.length === 0 ? week : weekdays).filter((day) => !gone.includes(day));
  return left.length === 0 ? undefined : { spans, weekdays: left.length === week.length ? weekdays : left };
}

function isOut(date: string, { spans, weekdays }: DayWords): boolean {
  const within = spans.length === 0 || spans.some(({ first, last }) => first <= date && date <= last);
  return within && (weekdays.length === 0 ? spans.length > 0 : weekdays.includes(weekdayOf(date)));
}

/** At most the first five weeks: each day of the week is among them. */
function datesOf({ first, last }: { first: string; last: string }): readonly string[] {
  const from = Temporal.PlainDate.from(first);
  const dates = Array.from({ length: 35 }, (_, days) => from.add({ days }).toString());
  return dates.filter((date) => date <= last);
}

function weekdayOf(date: string): number {
  return Temporal.PlainDate.from(date).dayOfWeek;
}

function clockWithout({ hours, at }: TimeWords, out: TimeWords): Pick<TimeWords, "hours" | "at"> {
  if (at !== undefined) return apart({ at, text: "" }, out) ? { at } : {};
  if (out.hours === undefined) return {};
  const whole = hours ?? { from: "00:00", until: "24:00" };
  const parts = [sharedHours(whole, { from: "00:00", until: out.hours.from }), afterwards(whole, out.hours)];
  const [longest] = parts.flatMap((part) => part ?? []).sort((one, other) => length(other) - length(one));
  return { hours: longest };
}

function afterwards(whole: DailyHours, { until }: DailyHours): DailyHours | undefined {
  return sharedHours(whole, { from: until, until: "24:00" });
}

function length({ from, until }: DailyHours): number {
  return minutesOf(until) - minutesOf(from);
}

/** Whether the times of day, where both say one, have nothing in common. */
function apart(words: TimeWords, out: TimeWords): boolean {
  if (words.at !== undefined && out.at !== undefined) return words.at !== out.at;
  if (words.at !== undefined && out.hours !== undefined)
    return words.at < out.hours.from || words.at >= out.hours.until;
  if (words.hours === undefined || out.hours === undefined) return false;
  return sharedHours(words.hours, out.hours) === undefined;
}
