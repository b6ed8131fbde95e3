// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";
import type { DailyHours, TimeOfDay } from "../time/time-zone.ts";
import { minutesOf, timeOfDay } from "./clock-time.ts";
import type { DayWords } from "./date-span.ts";
import { type Scan, take } from "./scan.ts";
import type { TimeWords } from "./time-words.ts";
import { windowInWords } from "./window-words.ts";

/** How far from what was said before: "an hour later", "the day before". */
export interface Shift {
  readonly days: number;
  readonly minutes: number;
}

const numbers: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  ten: 10,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
};
const many = String.raw`(?<many>\d{1,3}|an?|one|two|three|four|five|six|ten|fifteen|twenty|thirty|half an|a couple of)`;
const unit = "(?<unit>minute|min|hour|hr|day|week)s?";
const patterns = [
  new RegExp(String.raw`\b${many} ${unit} (?<way>later|earlier|sooner|afterwards|after that|before that)\b`),
  new RegExp(
    String.raw`\b(?:push|move|shift|put)(?: (?:it|that|this))?(?: (?<way>back|forward|later|earlier|up|on))? by ${many} ${unit}\b`,
  ),
];
const dayAfter =
  /\b(?:the day after(?= *(?:$|[,.!?]|would|is|instead|please|at|in|then|works?|around))|the (?:next|following) day)\b/;
const dayBefore = /\bthe (?:day before|previous day)(?! \w+day| yesterday)\b/;
const weekAfter =
  /\b(?:(?:at )?the same (?:time|day) (?:next week|the (?:week after|following week))|the (?:week after|following week)(?= *(?:$|[,.!?]|would|is|instead|please|then|works?)))/;
const dayMinutes = 24 * 60;

/** How much later or earlier than what was said before the sentence wants it; undefined when it does not say so. */
export function shiftIn(scan: Scan): { readonly scan: Scan; readonly shift: Shift | undefined } {
  for (const pattern of patterns) {
    const found = take(scan, pattern);
    if (found !== undefined) return { scan: found.scan, shift: shiftOf(found.match.groups ?? {}) };
  }
  const fixed = [
    [weekAfter, 7],
    [dayAfter, 1],
    [dayBefore, -1],
  ] as const;
  for (const [pattern, days] of fixed) {
    const found = take(scan, pattern);
    if (found !== undefined) return { scan: found.scan, shift: { days, minutes: 0 } };
  }
  return { scan, shift: undefined };
}

/** The wish so much later or earlier; a wish for any time stays. */
export function shifted(words: TimeWords | undefined, shift: Shift | undefined): TimeWords | undefined {
  if (words === undefined || shift === undefined) return words;
  const { days, minutes } = shift;
  if (words.moment !== undefined) {
    return { ...words, moment: words.moment + (days * dayMinutes + minutes) * 60_000 };
  }
  const { at, hours } = words;
  // Past midnight it is the next day's.
  const clock = at === undefined ? undefined : minutesOf(at) + minutes;
  const over = clock === undefined ? 0 : Math.floor(clock / dayMinutes);
  const moved = {
    days: words.days === undefined ? undefined : daysLater(words.days, days + over),
    at: clock === undefined ? undefined : timeOfDay(clock - over * dayMinutes),
    hours: hours === undefined ? undefined : hoursLater(hours, minutes),
  };
  return { ...moved, text: windowInWords(moved) };
}

function shiftOf({ many = "", unit = "", way = "later" }: Readonly<Record<string, string | undefined>>): Shift {
  const half = many === "half an";
  const count = half ? 0.5 : many.startsWith("a couple") ? 2 : (numbers[many] ?? Number(many));
  const signed = /earlier|sooner|before|forward|up/.test(way) ? -count : count;
  if (unit === "day" || unit === "week") return { days: Math.trunc(signed) * (unit === "week" ? 7 : 1), minutes: 0 };
  return { days: 0, minutes: signed * (unit === "hour" || unit === "hr" ? 60 : 1) };
}

function daysLater({ spans, weekdays }: DayWords, days: number): DayWords {
  const later = (date: string) => Temporal.PlainDate.from(date).add({ days }).toString();
  return {
    spans: spans.map(({ first, last }) => ({ first: later(first), last: later(last) })),
    weekdays: weekdays.map((day) => ((((day - 1 + days) % 7) + 7) % 7) + 1),
  };
}

/** Within the day; a limit ("after 3") moves with what it limits, an open end stays open. */
function hoursLater({ from, until }: DailyHours, minutes: number): DailyHours {
  const later = (time: TimeOfDay) => timeOfDay(Math.min(Math.max(minutesOf(time) + minutes, 0), dayMinutes));
  const moved = {
    from: from === "00:00" ? from : later(from),
    until: until === "24:00" ? until : later(until),
  };
  return moved.from < moved.until ? moved : { from, until };
}
