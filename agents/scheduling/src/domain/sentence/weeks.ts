// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";
import { type DateSpan, spanOf } from "./date-span.ts";
import { partOf, partPattern } from "./part-of-span.ts";
import { type Scan, take } from "./scan.ts";

/** Weeks, weekends and months in a sentence. */
export interface WeekWords {
  readonly scan: Scan;
  readonly span?: DateSpan | undefined;
  /** Only these days of the week, from 1, Monday. */
  readonly weekdays?: readonly number[] | undefined;
}

type Reader = (today: Temporal.PlainDate, match: RegExpExecArray) => Omit<WeekWords, "scan">;

const counts: Readonly<Record<string, number>> = {
  a: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  few: 3,
  couple: 2,
};
const preposition = String.raw`(?:\b(?:in|during|over|within|for|on|at|some ?time|any ?time) )*(?:\bthe )?`;
const readers: readonly (readonly [pattern: RegExp, read: Reader])[] = [
  [partPattern, (today, match) => ({ span: partOf(match, today) })],
  [/\bthe week after next\b/, (today) => ({ span: weekOf(today, 2) })],
  [
    new RegExp(String.raw`${preposition}\b(?:next|following|coming) week\b(?!end)`),
    (today) => ({ span: weekOf(today, 1) }),
  ],
  [new RegExp(String.raw`${preposition}\bthis week\b(?!end)`), (today) => ({ span: spanOf(today, sundayOf(today)) })],
  [new RegExp(String.raw`${preposition}\bnext weekend\b`), (today) => ({ span: weekendOf(today.add({ days: 7 })) })],
  [/\b(?:(?:at|on) )?(?:weekends|any weekend)\b/, () => ({ weekdays: [6, 7] })],
  [new RegExp(String.raw`${preposition}(?:\b(?:this|a|coming) )?\bweekend\b`), (today) => ({ span: weekendOf(today) })],
  [
    /\b(?:on )?(?:weekdays|(?:a|any) weekday|(?:a|any) work(?:ing)? ?day|workdays)\b/,
    () => ({ weekdays: [1, 2, 3, 4, 5] }),
  ],
  [
    new RegExp(String.raw`${preposition}\bnext month\b`),
    (today) => ({ span: monthOf(today.add({ months: 1 }).with({ day: 1 })) }),
  ],
  [new RegExp(String.raw`${preposition}\bthis month\b`), (today) => ({ span: monthOf(today) })],
  [
    /\b(?:(?:with)?in|over|during) the (?:next|coming) (?:(\d{1,2}|a|one|two|three|four|five|few|couple)(?: of)? )?(days?|weeks?)\b/,
    (today, match) => ({ span: nextDays(today, match) }),
  ],
  [
    /\bwithin (?:(\d{1,2}|a|one|two|three|four|five|few|couple)(?: of)? )?(days?|weeks?)\b/,
    (today, match) => ({ span: nextDays(today, match) }),
  ],
  [/\b(?:in )?a fortnight\b/, (today) => ({ span: spanOf(today.add({ days: 14 }), today.add({ days: 14 })) })],
];

/** The first week, weekend or month of a sentence, from today on where it has begun. */
export function weeksIn(scan: Scan, today: Temporal.PlainDate): WeekWords {
  for (const [pattern, read] of readers) {
    const found = take(scan, pattern);
    if (found !== undefined) return { scan: found.scan, ...read(today, found.match) };
  }
  return { scan };
}

/** From that day to the end of its month. */
export function monthOf(day: Temporal.PlainDate): DateSpan {
  return spanOf(day, day.with({ day: day.daysInMonth }));
}

function weekOf(today: Temporal.PlainDate, ahead: number): DateSpan {
  const monday = today.add({ days: 7 * ahead + 1 - today.dayOfWeek });
  return spanOf(monday, sundayOf(monday));
}

function sundayOf(day: Temporal.PlainDate): Temporal.PlainDate {
  return day.add({ days: 7 - day.dayOfWeek });
}

function weekendOf(day: Temporal.PlainDate): DateSpan {
  const sunday = sundayOf(day);
  const saturday = sunday.subtract({ days: 1 });
  return spanOf(Temporal.PlainDate.compare(day, saturday) > 0 ? day : saturday, sunday);
}

function nextDays(today: Temporal.PlainDate, [, count = "few", unit = ""]: RegExpExecArray): DateSpan {
  const number = counts[count] ?? Number(count);
  return spanOf(today, today.add({ days: unit.startsWith("week") ? 7 * number : number }));
}
