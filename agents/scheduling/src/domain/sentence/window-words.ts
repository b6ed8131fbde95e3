// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";
import { dateInWords, weekdayInWords } from "../time/local-words.ts";
import type { DateSpan, DayWords } from "./date-span.ts";
import type { HourWords } from "./day-hours.ts";

/** Days and hours for people, e.g. "Monday 23 November, 12:00–18:00"; for wishes that no single phrase of the person says. */
export function windowInWords({ days, hours, at }: HourWords & { readonly days?: DayWords | undefined }): string {
  const clock =
    at !== undefined
      ? `at ${at}`
      : hours === undefined
        ? ""
        : hours.until === "24:00"
          ? `from ${hours.from}`
          : hours.from === "00:00"
            ? `until ${hours.until}`
            : `${hours.from}–${hours.until}`;
  return [days === undefined ? "" : daysInWords(days), clock]
    .filter((part) => part !== "")
    .join(", ")
    .slice(0, 200);
}

function daysInWords({ spans, weekdays }: DayWords): string {
  const names = weekdays.map(weekdayInWords).join(" or ");
  const dates = spans.map(spanInWords).join(" or ");
  if (names === "") return dates === "" ? "any day" : dates;
  return dates === "" ? names : `${names}, ${dates}`;
}

function spanInWords({ first, last }: DateSpan): string {
  const [from, to] = [first, last].map((date) => dateInWords(Temporal.PlainDate.from(date)));
  return first === last ? `${from}` : `${from} to ${to}`;
}
