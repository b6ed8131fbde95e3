// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Temporal } from "temporal-polyfill";
import { monthPattern, weekdayNumber, weekdayPattern } from "./calendar-words.ts";
import { clockPattern } from "./clock-time.ts";

const hours = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const minutes: Readonly<Record<string, string>> = {
  fifteen: "15",
  thirty: "30",
  "forty-five": "45",
  "forty five": "45",
};
const ones = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"];
const preposition = "(at|around|about|after|before|until|till|from|by)";
const dayOfMonth = String.raw`(?:the )?(\d{1,2})(?:st|nd|rd|th)?`;

type Rewrite = (match: readonly string[], today: Temporal.PlainDate) => string;

/** Ways of saying something for which there is a plainer one that the grammar reads. Each is tried once, on all of the sentence. */
const rewrites: readonly (readonly [pattern: RegExp, write: Rewrite])[] = [
  [/\bchristmas eve\b/g, () => "24 december"],
  [/\bchristmas(?: day)?\b/g, () => "25 december"],
  [/\bboxing day\b/g, () => "26 december"],
  [/\bnew year'?s eve\b/g, () => "31 december"],
  [/\bnew year'?s day\b/g, () => "1 january"],
  [
    new RegExp(String.raw`\b(twenty|thirty)[- ](${ones.join("|")})\b`, "g"),
    ([, tens, one = ""]) => `${(tens === "twenty" ? 20 : 30) + ones.indexOf(one) + 1}th`,
  ],
  [
    new RegExp(String.raw`\b${preposition} (${hours.join("|")}) (fifteen|thirty|forty[- ]five)\b(?! min)`, "g"),
    ([, word, hour = "", minute = ""]) => `${word} ${hours.indexOf(hour) + 1}:${minutes[minute]}`,
  ],
  // "1430" is a time where a time stands, "2026" after "in" is not.
  [
    /\b(at|around|about) ([01]\d|2[0-3])([0-5]\d)\b(?![-/.:\d])/g,
    ([, word, hour, minute]) => `${word} ${hour}:${minute}`,
  ],
  [
    new RegExp(String.raw`(?:\b(?:at|by) )?(${clockPattern.any}) at (?:the )?latest\b`, "g"),
    ([, time]) => `until ${time}`,
  ],
  [
    new RegExp(
      String.raw`(?:\b(?:between|from) )${dayOfMonth} (?:and|to|until|till) ${dayOfMonth}(?: of)? (${monthPattern}[a-z]*)`,
      "g",
    ),
    ([, first, last, month]) => `${first} - ${last} ${month}`,
  ],
  [
    new RegExp(
      String.raw`(?<![\d.:/-])\b(\d{1,2}) ?[-–] ?(\d{1,2})\b(?! ?(?:[-/.:\d]|st\b|nd\b|rd\b|th\b|of\b|min|hour|hr|day|week|month|people|[ap]\.?m|${monthPattern}))`,
      "g",
    ),
    ([whole = "", first, last]) => (Number(first) < 24 && Number(last) <= 24 ? `from ${first} to ${last}` : whole),
  ],
  [
    new RegExp(String.raw`\b${weekdayPattern} ?[-–] ?${weekdayPattern}\b`, "g"),
    ([, first, last]) => `${first} to ${last}`,
  ],
  [
    new RegExp(String.raw`\b(?:a|one) week (?:from|after) (?:next )?(today|tomorrow|${weekdayPattern})\b`, "g"),
    ([, day = ""], today) => aWeekAfter(day, today),
  ],
  [new RegExp(String.raw`\b${weekdayPattern} week\b`, "g"), ([, day = ""], today) => aWeekAfter(day, today)],
];

/** The sentence, folded, in words that the grammar reads. */
export function paraphrased(sentence: string, today: Temporal.PlainDate): string {
  return rewrites.reduce(
    (text, [pattern, write]) => text.replace(pattern, (...match: string[]) => write(match, today)),
    sentence,
  );
}

function aWeekAfter(day: string, today: Temporal.PlainDate): string {
  if (day === "today") return today.add({ days: 7 }).toString();
  if (day === "tomorrow") return today.add({ days: 8 }).toString();
  const ahead = (weekdayNumber(day) - today.dayOfWeek + 7) % 7 || 7;
  return today.add({ days: ahead + 7 }).toString();
}
