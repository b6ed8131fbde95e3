// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";
import type { TimePreference, Wanted } from "../time/time-preference.ts";
import { instantOf, localTime, startOfDay } from "../time/time-zone.ts";
import { type DayWords, oneDay } from "./date-span.ts";
import { datesIn } from "./dates.ts";
import { correctedHours, type HourWords, hourFrom, hoursIn } from "./day-hours.ts";
import { numericDatesIn } from "./numeric-dates.ts";
import { type Scan, take, wordsOf } from "./scan.ts";
import { weekdaysIn } from "./weekdays.ts";
import { weeksIn } from "./weeks.ts";
import { windowInWords } from "./window-words.ts";

/** What a sentence says about when. Plain data: it is kept between the sentences of a conversation. */
export interface TimeWords extends HourWords {
  readonly days?: DayWords | undefined;
  /** A moment, milliseconds since the epoch; it stands alone. */
  readonly moment?: number | undefined;
  /** The person's words, e.g. "tomorrow afternoon". */
  readonly text: string;
}

/** The clock and calendar of whoever speaks. */
export interface Here {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly timeZone: string;
}

const anyDay =
  /\b(?:any ?day|any ?time|whenever|as soon as possible|asap|(?:the )?soonest|(?:the )?earliest possible|next available|right (?:away|now)|the (?:earliest|soonest)(?= \|)|immediately|urgently)\b/;

/** When, as far as the sentence says; undefined when it says nothing of time. */
export function timeWordsIn(
  scan: Scan,
  { now, timeZone }: Here,
): { readonly scan: Scan; readonly words: TimeWords | undefined } {
  const today = localTime(now, timeZone).toPlainDate();
  const any = take(scan, anyDay);
  const figures = numericDatesIn(any?.scan ?? scan, today, /^(?:America|US)\//.test(timeZone));
  const hours = hoursIn(figures.scan);
  const here = take(hours.scan, /\bthis(?= \|)/);
  const week = weeksIn(here?.scan ?? hours.scan, today);
  const weekdays = weekdaysIn(week.scan, today, week.span);
  const dates = datesIn(weekdays.scan, today);

  const named = [...figures.spans, ...weekdays.spans, ...dates.spans, ...(here === undefined ? [] : [oneDay(today)])];
  // "Friday the 27th" names one day twice.
  const distinct = named.filter(
    (span, index) => named.findIndex(({ first, last }) => first === span.first && last === span.last) === index,
  );
  const spans = week.span === undefined ? distinct : [...distinct, week.span];
  const restricted = [...weekdays.weekdays, ...(week.weekdays ?? [])];
  const days = spans.length + restricted.length > 0 || any !== undefined ? { spans, weekdays: restricted } : undefined;
  const moment = dates.fromNowMs === undefined ? undefined : now + dates.fromNowMs;
  const left = dates.scan;
  if (days === undefined && moment === undefined && hours.hours === undefined && hours.at === undefined)
    return { scan: left, words: undefined };
  const text = wordsOf(left.taken.slice(scan.taken.length));
  return { scan: left, words: { days, hours: hours.hours, at: hours.at, moment, text } };
}

/** What a later sentence makes of an earlier one: "rather Thursday" keeps the hours, "in the morning" keeps the day. */
export function corrected(earlier: TimeWords | undefined, later: TimeWords | undefined): TimeWords | undefined {
  if (earlier === undefined || later === undefined) return later ?? earlier;
  if (later.moment !== undefined) return later;
  const ofDay = later.hours !== undefined || later.at !== undefined ? later : earlier;
  const days = later.days ?? earlier.days;
  const hours = later.hours === undefined ? ofDay.hours : correctedHours(earlier.hours, later.hours);
  const whole = days === later.days && ofDay === later && hours === later.hours;
  return { days, hours, at: ofDay.at, text: whole ? later.text : windowInWords({ days, hours, at: ofDay.at }) };
}

/** The words for one start: its day and its time on the clock there. */
export function wordsForStart(start: number, timeZone: string): TimeWords {
  const local = localTime(start, timeZone);
  const days = { spans: [oneDay(local.toPlainDate())], weekdays: [] };
  const at = local.toPlainTime().toString({ smallestUnit: "minute" });
  return { days, at, text: windowInWords({ days, at }) };
}

/** The wish that the words stand for. */
export function preferenceOf(words: TimeWords | undefined, { now, timeZone }: Here): TimePreference {
  if (words === undefined) return { wanted: { kind: "any" }, timeZone };
  const { text, at, hours, moment } = words;
  if (moment !== undefined) return { wanted: { kind: "at", start: moment }, timeZone, text };
  const days = words.days ?? { spans: [], weekdays: [] };
  const exact =
    at === undefined ? undefined : exactStart({ days, at, any: words.days !== undefined }, { now, timeZone });
  if (exact !== undefined) return { wanted: { kind: "at", start: exact }, timeZone, text };
  const wanted = wantedDays(days, timeZone);
  return { wanted, hours: at === undefined ? hours : hourFrom(at), timeZone, text };
}

function exactStart(
  { days, at, any }: { days: DayWords; at: string; any: boolean },
  { now, timeZone }: Here,
): number | undefined {
  const [span, ...more] = days.spans;
  if (more.length > 0 || days.weekdays.length > 0 || (span !== undefined && span.first !== span.last)) return undefined;
  if (span === undefined && any) return undefined;
  const today = localTime(now, timeZone).toPlainDate();
  const on = (date: Temporal.PlainDate) => instantOf(date, at, { timeZone, side: "first" });
  if (span !== undefined) return on(Temporal.PlainDate.from(span.first));
  // No day was named: the next time that the clock shows it.
  return on(today) >= now ? on(today) : on(today.add({ days: 1 }));
}

function wantedDays({ spans, weekdays }: DayWords, timeZone: string): Wanted {
  if (spans.length === 0) return weekdays.length === 0 ? { kind: "any" } : { kind: "days", days: weekdays };
  const first = spans.reduce((least, span) => (span.first < least ? span.first : least), spans[0]?.first ?? "");
  const last = spans.reduce((most, span) => (span.last > most ? span.last : most), spans[0]?.last ?? "");
  const earliest = startOfDay(Temporal.PlainDate.from(first), timeZone);
  const latest = startOfDay(Temporal.PlainDate.from(last).add({ days: 1 }), timeZone);
  const single = spans.every((span) => span.first === span.last);
  const days =
    single && spans.length > 1 ? spans.map((span) => Temporal.PlainDate.from(span.first).dayOfWeek) : weekdays;
  // A range whose end lies before its start has no days at all; it is kept as one that has passed.
  if (latest <= earliest) return { kind: "range", earliest: latest - 1, latest };
  return days.length === 0
    ? { kind: "range", earliest, latest }
    : { kind: "days", days: [...new Set(days)], earliest, latest };
}
