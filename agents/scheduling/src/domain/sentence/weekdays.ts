// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Temporal } from "temporal-polyfill";
import { monthPattern, weekdayNumber, weekdayPattern } from "./calendar-words.ts";
import { type DateSpan, limited, limitWords, oneDay, spanOf } from "./date-span.ts";
import { type Scan, take } from "./scan.ts";

/** Weekdays in a sentence: certain days, or every such day (from 1, Monday). */
export interface WeekdayWords {
  readonly scan: Scan;
  readonly spans: readonly DateSpan[];
  readonly weekdays: readonly number[];
}

const modifier = "(?:on )?(?:(this|next|coming|following|every|each|any|last|past)(?: coming)? )?";
const between = new RegExp(
  String.raw`\b(?:between |from )?${modifier}${weekdayPattern} ?(?:to|until|till|through|-|and) ${weekdayPattern}\b`,
);
const bound = new RegExp(String.raw`\b(${limitWords}) ${modifier}${weekdayPattern}\b`);
const single = new RegExp(String.raw`\b${modifier}${weekdayPattern}(s)?\b`);
// "Wednesday, 25 November" and "Friday the 27th": the date says it all.
const beforeDate = new RegExp(
  String.raw`\b(?:on )?${weekdayPattern},? (?=(?:the )?\d{1,2}(?:st|nd|rd|th)|\d{1,2}(?: of)? ${monthPattern}|${monthPattern}[a-z]* \d)`,
);

/**
 * The weekdays of a sentence. A bare weekday is the next one after today, "next Tuesday" the one of next week, "Tuesdays" or
 * "any Tuesday" all of them. `week` restricts them to its days: "Tuesday next week".
 */
export function weekdaysIn(scan: Scan, today: Temporal.PlainDate, week: DateSpan | undefined): WeekdayWords {
  const dropped = take(scan, beforeDate);
  if (dropped !== undefined) return weekdaysIn(dropped.scan, today, week);
  const span = spanIn(scan, today);
  if (span !== undefined) return span;
  const spans: DateSpan[] = [];
  const weekdays: number[] = [];
  let left = scan;
  for (let found = take(left, single); found !== undefined; found = take(left, single)) {
    const [, how, name = "", plural] = found.match;
    left = found.scan;
    if (week !== undefined || plural !== undefined || ["every", "each", "any"].includes(how ?? ""))
      weekdays.push(weekdayNumber(name));
    else spans.push(oneDay(dateOf(name, how, today)));
  }
  return { scan: left, spans, weekdays: [...new Set(weekdays)] };
}

function spanIn(scan: Scan, today: Temporal.PlainDate): WeekdayWords | undefined {
  const range = take(scan, between);
  // "Monday and Wednesday" are two days, unless "between" stands before them.
  if (range !== undefined && (!/ and /.test(range.match[0]) || range.match[0].startsWith("between"))) {
    const [, how, from = "", to = ""] = range.match;
    const first = dateOf(from, how, today);
    const days = (weekdayNumber(to) - first.dayOfWeek + 7) % 7;
    return { scan: range.scan, spans: [spanOf(first, first.add({ days }))], weekdays: [] };
  }
  const found = take(scan, bound);
  if (found === undefined) return undefined;
  const [, words = "", how, name = ""] = found.match;
  return { scan: found.scan, spans: [limited(oneDay(dateOf(name, how, today)), words, today)], weekdays: [] };
}

function dateOf(name: string, how: string | undefined, today: Temporal.PlainDate): Temporal.PlainDate {
  const number = weekdayNumber(name);
  if (how === "next" || how === "following") return today.add({ days: 7 - today.dayOfWeek + number });
  const ahead = (number - today.dayOfWeek + 7) % 7;
  if (how === "last" || how === "past") return today.add({ days: ahead - 7 });
  return today.add({ days: ahead === 0 && how !== "this" ? 7 : ahead });
}
