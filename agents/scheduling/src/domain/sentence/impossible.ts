// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Temporal } from "temporal-polyfill";
import { monthNumber, monthPattern } from "./calendar-words.ts";
import { clockPattern, clockTime } from "./clock-time.ts";
import { dateOrUndefined } from "./date-span.ts";

const monthWord = `(?<month>${monthPattern})[a-z]*`;
const patterns = [
  new RegExp(String.raw`\b(?<day>\d{1,2})(?:st|nd|rd|th)?(?: of)? ${monthWord}\b(?:,? (?<year>\d{4})\b)?`, "g"),
  new RegExp(String.raw`\b${monthWord} (?<day>\d{1,2})(?:st|nd|rd|th)?\b(?!:)(?:,? (?<year>\d{4})\b)?`, "g"),
  /\b(?<year>\d{4})-(?<numeral>\d{2})-(?<day>\d{2})\b/g,
];
const figures = /\b\d{1,2}(?:\/\d{1,2}(?:\/\d{4})?|\.\d{1,2}\.(?:\d{4})?)(?![\d/])/;
const clock = new RegExp(String.raw`${clockPattern.explicit}|\bat (\d{1,2})(?![\w.:/])`, "g");

/** The first date of the sentence that no calendar has, as the person wrote it: "30 february". A date without a year is the next one. */
export function impossibleDateIn(sentence: string, today: Temporal.PlainDate): string | undefined {
  for (const match of patterns.flatMap((pattern) => [...sentence.matchAll(pattern)])) {
    const { day, month = "", numeral, year } = match.groups ?? {};
    const number = numeral === undefined ? monthNumber(month) : Number(numeral);
    const near = today.year + (number < today.month ? 1 : 0);
    if (dateOrUndefined({ year: Number(year ?? near), month: number, day: Number(day) }) !== undefined) continue;
    // The 29th of February exists, only not in every year.
    const leap = number === 2 && Number(day) === 29 && year === undefined;
    return leap ? `${match[0]} ${near}` : match[0];
  }
  return undefined;
}

/** A date in figures or a time that was written but could not be read as one, from what all readers have left: "31/02", "25:00". */
export function unreadableIn(left: string): string | undefined {
  const date = figures.exec(left)?.[0];
  if (date !== undefined) return date;
  for (const [text, hour] of left.matchAll(clock)) {
    const time = hour ?? text;
    if (clockTime(time) === undefined) return time;
  }
  return undefined;
}
