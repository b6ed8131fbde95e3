// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";

/** Days from `first` to `last`, both included, as ISO dates ("2026-11-22") of the speaker's calendar. */
export interface DateSpan {
  readonly first: string;
  readonly last: string;
}

/** Days that a sentence speaks of. */
export interface DayWords {
  /** Any of these; none and no weekdays: any day. */
  readonly spans: readonly DateSpan[];
  /** Only these days of the week, from 1, Monday; empty: all. */
  readonly weekdays: readonly number[];
}

/** How far an open end ("from Thursday on") reaches. */
const openDays = 27;

/** One day. */
export function oneDay(date: Temporal.PlainDate): DateSpan {
  return { first: date.toString(), last: date.toString() };
}

/** From the first to the last. */
export function spanOf(first: Temporal.PlainDate, last: Temporal.PlainDate): DateSpan {
  return { first: first.toString(), last: last.toString() };
}

/** Words before a date that make it a limit, as the source of a regular expression. */
export const limitWords =
  "(?:not before|not earlier than|no earlier than|not after|not later than|no later than|after|from|starting(?: on)?|since|until|till|before|by|up to)";

/** What a limit makes of the days it speaks of: "until Friday" begins today. */
export function limited(days: DateSpan, words: string, today: Temporal.PlainDate): DateSpan {
  const first = Temporal.PlainDate.from(days.first);
  const last = Temporal.PlainDate.from(days.last);
  const open = (from: Temporal.PlainDate) => spanOf(from, from.add({ days: openDays }));
  switch (words.split(" ")[0]) {
    case "after":
      return open(last.add({ days: 1 }));
    case "before":
      return spanOf(today, first.subtract({ days: 1 }));
    case "until":
    case "till":
    case "by":
    case "up":
      return spanOf(today, last);
    case "from":
    case "since":
    case "starting":
      return open(first);
    default:
      return /after|later/.test(words) ? spanOf(today, last) : open(first);
  }
}

/** The date; undefined when there is no such day. */
export function dateOrUndefined(parts: { year: number; month: number; day: number }): Temporal.PlainDate | undefined {
  try {
    return Temporal.PlainDate.from(parts, { overflow: "reject" });
  } catch {
    return undefined;
  }
}
