// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";
import { monthNumber, monthPattern } from "./calendar-words.ts";
import { type DateSpan, spanOf } from "./date-span.ts";

const early = "early(?: in)?|(?:at |from )?(?:the )?(?:beginning|start) of";
const middle = "mid[- ]?|(?:in )?(?:the )?middle of";
const late = "late(?: in)?|(?:at |towards )?(?:the )?end of";

/** "Early next week", "the end of the month", "mid December": which part, then of what. */
export const partPattern = new RegExp(
  String.raw`\b(?:in |at )?(?:(?<early>${early})|(?<middle>${middle})|(?<late>${late})) ?(?:(?<which>this|next|the) (?<unit>week|month)|(?<month>${monthPattern})[a-z]*)\b(?! ?\d)`,
);

/** The days that such words mean: Monday to Wednesday, Tuesday to Thursday, Thursday to Sunday; of a month ten days each, about. */
export function partOf({ groups = {} }: RegExpExecArray, today: Temporal.PlainDate): DateSpan {
  const { early, middle, which, unit, month } = groups;
  if (unit === "week") {
    const monday = today.add({ days: (which === "next" ? 8 : 1) - today.dayOfWeek });
    const [first, last] = early !== undefined ? [0, 2] : middle !== undefined ? [1, 3] : [3, 6];
    return fromToday(monday.add({ days: first }), monday.add({ days: last }), today);
  }
  const begins = month === undefined ? today.add({ months: which === "next" ? 1 : 0 }) : nextMonth(month, today);
  const [first, last] = early !== undefined ? [1, 10] : middle !== undefined ? [11, 20] : [21, begins.daysInMonth];
  return fromToday(begins.with({ day: first }), begins.with({ day: last }), today);
}

function nextMonth(name: string, today: Temporal.PlainDate): Temporal.PlainDate {
  const number = monthNumber(name);
  const year = today.year + (number < today.month ? 1 : 0);
  return today.with({ year, month: number, day: 1 });
}

function fromToday(first: Temporal.PlainDate, last: Temporal.PlainDate, today: Temporal.PlainDate): DateSpan {
  const isNow = Temporal.PlainDate.compare(first, today) < 0 && Temporal.PlainDate.compare(last, today) >= 0;
  return spanOf(isNow ? today : first, last);
}
