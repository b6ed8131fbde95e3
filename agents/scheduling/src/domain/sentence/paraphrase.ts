// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Temporal } from "temporal-polyfill";
import { weekdayPattern } from "./calendar-words.ts";
import { dateRewritings } from "./paraphrase-dates.ts";
import { hourRewritings } from "./paraphrase-hours.ts";
import type { Rewriting } from "./rewriting.ts";

const ones = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"];

const wordRewritings: readonly Rewriting[] = [
  [/\b2(?:morrow|moro)\b/g, () => "tomorrow"],
  [/\bnxt\b/g, () => "next"],
  [/\b(come|drop|stop|pop|swing) by\b/g, ([, verb]) => `${verb} in`],
  [/\bbetween christmas and new year(?:'?s)?(?: eve| day)?\b/g, () => "26 - 31 december"],
  [/\bchristmas eve\b/g, () => "24 december"],
  [/\bchristmas(?: day)?\b/g, () => "25 december"],
  [/\bboxing day\b/g, () => "26 december"],
  [/\bnew year'?s eve\b/g, () => "31 december"],
  [/\bnew year'?s day\b/g, () => "1 january"],
  [
    new RegExp(String.raw`\b(today|tomorrow|${weekdayPattern}) is (?:a bit |much |far )?too (early|soon|late)\b`, "g"),
    ([, day, , how]) => `${how === "late" ? "before" : "after"} ${day}`,
  ],
  [new RegExp(String.raw`\b(prefer .{2,40}?) (?:over|to|than) ${weekdayPattern}\b`, "g"), ([, wanted = ""]) => wanted],
  [/\bbetween now and\b/g, () => "until"],
  [
    new RegExp(String.raw`\b(twenty|thirty)[- ](${ones.join("|")})\b`, "g"),
    ([, tens, one = ""]) => `${(tens === "twenty" ? 20 : 30) + ones.indexOf(one) + 1}th`,
  ],
  [
    new RegExp(String.raw`\b${weekdayPattern} ?[-–] ?${weekdayPattern}\b`, "g"),
    ([, first, last]) => `${first} to ${last}`,
  ],
];

/** Each is tried once, on all of the sentence; dates before hours, so that "1 - 4 december" is no time of day. */
const rewritings = [...wordRewritings, ...dateRewritings, ...hourRewritings];

/** The sentence, folded, in words that the grammar reads. */
export function paraphrased(sentence: string, today: Temporal.PlainDate): string {
  return rewritings.reduce(
    (text, [pattern, write]) => text.replace(pattern, (...match: string[]) => write(match, today)),
    sentence,
  );
}
