// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Scan, take } from "./scan.ts";

const numbers: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  ten: 10,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  forty: 40,
  sixty: 60,
  ninety: 90,
};
const number = String.raw`(\d{1,3}(?:[.,]\d)?|an?|one|two|three|four|ten|fifteen|twenty|thirty|forty|sixty|ninety)`;
// "in half an hour", "after 2 hours" say when, not how long.
const notWhen = String.raw`(?<!\b(?:in|within|after|next|every|past|last|half|quarters? of|the) )(?<![\d.,:])`;
const patterns: readonly (readonly [pattern: RegExp, minutes: (match: RegExpExecArray) => number])[] = [
  [
    new RegExp(
      String.raw`${notWhen}\b(?:for )?(?:an? )?${number}[ -]?(?:hours?|hrs?) (?:and )?(?:(?<=and )a half|(\d{1,2}|fifteen|twenty|thirty) (?:minutes?|mins?))\b`,
    ),
    (m) => 60 * value(m[1]) + value(m[2] ?? "30"),
  ],
  [new RegExp(String.raw`${notWhen}\b(?:for )?(?:an? )?(?:one|1) and a half hours?\b`), () => 90],
  [new RegExp(String.raw`${notWhen}\b(?:for )?(?:an? )?half[ -](?:an[ -])?hour(?:'s)?(?: long)?\b`), () => 30],
  [new RegExp(String.raw`${notWhen}\b(?:for )?(?:an? )?(?:three[ -]quarters|3/4) of an hour\b`), () => 45],
  [new RegExp(String.raw`${notWhen}\b(?:for )?(?:a )?quarter of an hour\b`), () => 15],
  // Nobody comes at half past one at night: "1h30" is a length, "14h30" a time.
  [/(?<![\d.,:])\b(?:for )?([1-4])h([0-5]\d)?\b/, (m) => 60 * value(m[1]) + Number(m[2] ?? 0)],
  [
    new RegExp(String.raw`${notWhen}\b(?:for )?(?:an? )?${number}[ -]?(?:minutes?|mins?)(?: long)?\b`),
    (m) => value(m[1]),
  ],
  [
    new RegExp(String.raw`${notWhen}\b(?:for )?(?:an? )?${number}[ -]?(?:hours?|hrs?)(?: long)?\b`),
    (m) => 60 * value(m[1]),
  ],
];

/** How long the appointment shall take, where the sentence says so; in minutes, as said, however absurd. */
export function durationIn(scan: Scan): { readonly scan: Scan; readonly minutes: number | undefined } {
  for (const [pattern, minutes] of patterns) {
    const found = take(scan, pattern);
    if (found !== undefined) return { scan: found.scan, minutes: Math.round(minutes(found.match)) };
  }
  return { scan, minutes: undefined };
}

function value(text = ""): number {
  return numbers[text] ?? Number(text.replace(",", "."));
}
