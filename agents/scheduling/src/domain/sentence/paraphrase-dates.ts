// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";
import { monthName, monthNumber, monthPattern, weekdayNumber, weekdayPattern } from "./calendar-words.ts";
import type { Rewriting } from "./rewriting.ts";

const month = `(${monthPattern})[a-z]*`;
const nth = "(first|second|third|fourth|last)";
const order = ["first", "second", "third", "fourth"];
const counts: Readonly<Record<string, number>> = { a: 1, one: 1, two: 2, three: 3, four: 4 };
const dayOfMonth = String.raw`(?:the )?(\d{1,2})(?:st|nd|rd|th)?`;

/** Ways of naming days that need a calendar, each with the date, or dates, that the grammar reads instead. */
export const dateRewritings: readonly Rewriting[] = [
  [
    new RegExp(
      String.raw`\b(?:(?:between|from) )${dayOfMonth} (?:and|to|until|till) ${dayOfMonth}(?: of)? (${monthPattern}[a-z]*)`,
      "g",
    ),
    ([, first, last, name]) => `${first} - ${last} ${name}`,
  ],
  // "From" alone would leave the end open.
  [
    new RegExp(
      String.raw`\bfrom (?:the )?(\d{1,2})(?:st|nd|rd|th)?(?: of)? ${month} (?:to|until|till|through) (?:the )?(\d{1,2})(?:st|nd|rd|th)?(?: of)? ${month}`,
      "g",
    ),
    ([, day, from, lastDay, to]) => `${day} ${from} - ${lastDay} ${to}`,
  ],
  [
    new RegExp(String.raw`\b(${monthPattern}[a-z]*) the (\d{1,2})(?:st|nd|rd|th)?\b`, "g"),
    ([, name, day]) => `${day} ${name}`,
  ],
  // "The 1st, 2nd or 3rd of December"
  [
    new RegExp(
      String.raw`\b((?:\d{1,2}(?:st|nd|rd|th)?(?:, | or | and |, or |, and ))+)(\d{1,2})(?:st|nd|rd|th)(?: of)? ${month}`,
      "g",
    ),
    ([, others = "", last, name]) =>
      `${others.replace(/(\d{1,2})(?:st|nd|rd|th)?[, a-z]+/g, `$1 ${name} or `)}${last} ${name}`,
  ],
  [
    new RegExp(String.raw`\b(?:in |during )?(?:the )?${nth} (week|half) (?:of|in) ${month}\b(?! \d)`, "g"),
    ([, which = "", part, name = ""], today) => {
      const begins = nextMonth(name, today);
      const [first, last] = part === "half" ? half(which, begins) : week(which, begins);
      return `${first} - ${last} ${name}`;
    },
  ],
  [
    new RegExp(
      String.raw`\b(?:on )?(?:the )?${nth} ${weekdayPattern} (?:of|in) (?:${month}|(next month|the month|this month))\b`,
      "g",
    ),
    ([whole = "", which = "", day = "", name, relative], today) => {
      const thisMonth = today.with({ day: 1 });
      const begins =
        name !== undefined ? nextMonth(name, today) : thisMonth.add({ months: relative === "next month" ? 1 : 0 });
      return nthWeekday(begins, which, weekdayNumber(day))?.toString() ?? whole;
    },
  ],
  [
    new RegExp(String.raw`\b(?:the )?${weekdayPattern} after next\b`, "g"),
    ([, day = ""], today) => coming(day, today).add({ days: 7 }).toString(),
  ],
  [
    new RegExp(
      String.raw`\b(a|one|two|three|four) weeks? (?:from|after|on) (?:next )?(today|tomorrow|${weekdayPattern})\b`,
      "g",
    ),
    ([, many = "", day = ""], today) =>
      coming(day, today)
        .add({ days: 7 * (counts[many] ?? 1) })
        .toString(),
  ],
  [
    new RegExp(String.raw`\b${weekdayPattern} week\b`, "g"),
    ([, day = ""], today) => coming(day, today).add({ days: 7 }).toString(),
  ],
  [
    new RegExp(
      String.raw`\bthe week (?:of|from|starting|beginning)(?: on)? (?:the )?(?:${month} (\d{1,2})|(\d{1,2})(?:st|nd|rd|th)?(?: of)? ${month})(?:st|nd|rd|th)?\b`,
      "g",
    ),
    ([whole = "", before, dayAfter, dayBefore, after], today) => {
      const begins = nextMonth(before ?? after ?? "", today);
      const day = Number(dayAfter ?? dayBefore);
      return day < 1 || day > begins.daysInMonth ? whole : weekAround(begins.with({ day }));
    },
  ],
  [
    new RegExp(String.raw`\bfrom (today|tomorrow) (?:to|until|till|through) ${weekdayPattern}\b`, "g"),
    ([, first = "", last = ""], today) => span(coming(first, today), coming(last, today)),
  ],
  [/\bon or (after|before)\b/g, ([, way]) => (way === "after" ? "not before" : "until")],
  [new RegExp(String.raw`\b(?:at the )?earliest(?: on)? (?=(?:next )?${weekdayPattern})`, "g"), () => "not before "],
  [
    new RegExp(String.raw`\b(?:on |by )?((?:next )?${weekdayPattern}) at (?:the )?(latest|earliest)\b`, "g"),
    ([, day, , way]) => `${way === "latest" ? "until" : "not before"} ${day}`,
  ],
  [
    /\b(?:by|until|before) the end of (this|the|next) (week|month)\b/g,
    ([, which, unit], today) => {
      const near = which === "next" ? today.add(unit === "week" ? { days: 7 } : { months: 1 }) : today;
      const last = unit === "week" ? near.add({ days: 7 - near.dayOfWeek }) : near.with({ day: near.daysInMonth });
      return `until ${last.day} ${monthName(last.month)}`;
    },
  ],
];

function coming(day: string, today: Temporal.PlainDate): Temporal.PlainDate {
  if (day === "today") return today;
  if (day === "tomorrow") return today.add({ days: 1 });
  return today.add({ days: (weekdayNumber(day) - today.dayOfWeek + 7) % 7 || 7 });
}

/** The month of that name that is, or comes. */
function nextMonth(name: string, today: Temporal.PlainDate): Temporal.PlainDate {
  const number = monthNumber(name);
  return Temporal.PlainDate.from({ year: today.year + (number < today.month ? 1 : 0), month: number, day: 1 });
}

function weekAround(day: Temporal.PlainDate): string {
  const monday = day.subtract({ days: day.dayOfWeek - 1 });
  return span(monday, monday.add({ days: 6 }));
}

function span(first: Temporal.PlainDate, last: Temporal.PlainDate): string {
  return [first, last].map(({ day, month }) => `${day} ${monthName(month)}`).join(" - ");
}

function half(which: string, { daysInMonth }: Temporal.PlainDate): readonly [number, number] {
  return which === "first" ? [1, 15] : [16, daysInMonth];
}

function week(which: string, { daysInMonth }: Temporal.PlainDate): readonly [number, number] {
  if (which === "last") return [daysInMonth - 6, daysInMonth];
  const first = 7 * order.indexOf(which) + 1;
  return [first, first + 6];
}

function nthWeekday(begins: Temporal.PlainDate, which: string, weekday: number): Temporal.PlainDate | undefined {
  const first = begins.add({ days: (weekday - begins.dayOfWeek + 7) % 7 });
  const all = [0, 1, 2, 3, 4]
    .map((weeks) => first.add({ days: 7 * weeks }))
    .filter(({ month }) => month === begins.month);
  return which === "last" ? all.at(-1) : all[order.indexOf(which)];
}
