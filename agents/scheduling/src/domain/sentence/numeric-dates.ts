// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";
import { monthPattern, weekdayPattern } from "./calendar-words.ts";
import { type DateSpan, dateOrUndefined, oneDay } from "./date-span.ts";
import { type Scan, take } from "./scan.ts";

/** Dates written in figures. */
export interface NumericDates {
  readonly scan: Scan;
  readonly spans: readonly DateSpan[];
}

const weekday = `(?:${weekdayPattern},? )?`;
const figures = new RegExp(
  String.raw`\b(?:on )?${weekday}(?<first>\d{1,2})(?:/(?<slashed>\d{1,2})(?:/(?<slashedYear>\d{4}))?|\.(?<dotted>\d{1,2})\.(?<dottedYear>\d{4})?)(?![\d/])`,
);
// "The 2nd" alone chooses an offer; only "on the 2nd" is a date.
const ordinal = new RegExp(
  String.raw`\b(?:on )?(?:${weekdayPattern},? the (?<named>\d{1,2})|(?<=\bon )the (?<on>\d{1,2})|the (?<large>[6-9]|[12]\d|3[01]))(?:st|nd|rd|th)\b(?! (?:of|one|option|slot|offer|time|${monthPattern}))`,
);

/**
 * Dates in figures, e.g. "24.11.2026", "24/11", "11/24" where months come first, and days of a month ("the 27th",
 * "Friday the 27th"). Without a year they are the next such day.
 */
export function numericDatesIn(scan: Scan, today: Temporal.PlainDate, monthFirst: boolean): NumericDates {
  const found = take(scan, figures);
  const date = found === undefined ? undefined : figuresDate(found.match.groups ?? {}, today, monthFirst);
  if (found !== undefined && date !== undefined) return { scan: found.scan, spans: [oneDay(date)] };
  const place = take(scan, ordinal);
  if (place === undefined) return { scan, spans: [] };
  const { named, on, large } = place.match.groups ?? {};
  const day = nextDayOfMonth(today, Number(named ?? on ?? large));
  return day === undefined ? { scan, spans: [] } : { scan: place.scan, spans: [oneDay(day)] };
}

type Groups = Readonly<Record<string, string | undefined>>;

function figuresDate(
  { first, slashed, slashedYear, dotted, dottedYear }: Groups,
  today: Temporal.PlainDate,
  monthFirst: boolean,
) {
  const numbers = [Number(first), Number(slashed ?? dotted)] as const;
  const american = slashed !== undefined && (monthFirst ? numbers[0] <= 12 : numbers[1] > 12);
  const [month, day] = american ? numbers : [numbers[1], numbers[0]];
  const year = slashedYear ?? dottedYear;
  if (year !== undefined) return dateOrUndefined({ year: Number(year), month, day });
  const date = dateOrUndefined({ year: today.year, month, day });
  const passed = date !== undefined && Temporal.PlainDate.compare(date, today) < 0;
  return passed ? dateOrUndefined({ year: today.year + 1, month, day }) : date;
}

function nextDayOfMonth(today: Temporal.PlainDate, day: number): Temporal.PlainDate | undefined {
  const months = [0, 1, 2].map((ahead) => today.with({ day: 1 }).add({ months: ahead }));
  const dates = months.flatMap(({ year, month }) => dateOrUndefined({ year, month, day }) ?? []);
  return dates.find((date) => Temporal.PlainDate.compare(date, today) >= 0);
}
