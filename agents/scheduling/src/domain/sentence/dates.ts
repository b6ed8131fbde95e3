// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import * as chrono from "chrono-node";
import { Temporal } from "temporal-polyfill";
import { type DateSpan, dateOrUndefined, limited, limitWords, oneDay, spanOf } from "./date-span.ts";
import { type Scan, without } from "./scan.ts";
import { monthOf } from "./weeks.ts";

/** Dates in a sentence, or a moment so long from now. */
export interface DateWords {
  readonly scan: Scan;
  readonly spans: readonly DateSpan[];
  /** Milliseconds from now, e.g. of "in two hours". */
  readonly fromNowMs?: number | undefined;
}

const limitBefore = new RegExp(String.raw`\b(${limitWords}) (?:the )?$`);

/** The dates that chrono-node reads: "tomorrow", "3 December", "in three days", "24 - 27 November". */
export function datesIn(scan: Scan, today: Temporal.PlainDate): DateWords {
  // Chrono knows no zones and reckons on the machine's calendar: it is shown the speaker's date on it, at noon, where no
  // clock change of the machine's zone can move it to another day.
  const reference = new Date(today.year, today.month - 1, today.day, 12);
  const spans: DateSpan[] = [];
  let left = scan;
  let fromNowMs: number | undefined;
  for (const result of chrono.casual.parse(scan.rest, reference, { forwardDate: true })) {
    const relative = result.start.isCertain("hour") && /^(?:in|within) /.test(result.text);
    const days = relative ? oneDay(today) : spanFrom(result, today);
    if (days === undefined) continue;
    const before = limitBefore.exec(left.rest.slice(0, result.index));
    if (relative) fromNowMs = result.start.date().getTime() - reference.getTime();
    else spans.push(before?.[1] === undefined ? days : limited(days, before[1], today));
    const start = before?.index ?? result.index;
    left = without(left, { start, text: left.rest.slice(start, result.index + result.text.length) });
  }
  return { scan: left, spans, fromNowMs };
}

function spanFrom({ start, end }: chrono.ParsedResult, today: Temporal.PlainDate): DateSpan | undefined {
  const first = plainDate(start);
  if (first === undefined || start.isCertain("hour")) return undefined;
  if (start.isCertain("day") || start.isCertain("weekday")) {
    const last = plainDate(end);
    return last !== undefined && Temporal.PlainDate.compare(first, last) <= 0 ? spanOf(first, last) : oneDay(first);
  }
  if (!start.isCertain("month")) return undefined;
  const from = first.with({ day: 1 });
  return monthOf(
    Temporal.PlainDate.compare(from, today) < 0 && from.month === today.month && from.year === today.year
      ? today
      : from,
  );
}

// Chrono's types promise undefined where it gives null.
function plainDate(parts: chrono.ParsedComponents | null | undefined): Temporal.PlainDate | undefined {
  if (parts === null || parts === undefined) return undefined;
  const [year, month, day] = [parts.get("year"), parts.get("month"), parts.get("day")];
  return year === null || month === null || day === null ? undefined : dateOrUndefined({ year, month, day });
}
