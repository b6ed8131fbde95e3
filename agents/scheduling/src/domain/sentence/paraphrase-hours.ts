// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { clockPattern } from "./clock-time.ts";
import type { Rewriting } from "./rewriting.ts";

const hours = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const spelt = hours.join("|");
const minutes: Readonly<Record<string, number>> = {
  ...{ five: 5, ten: 10, fifteen: 15, twenty: 20, thirty: 30, "forty-five": 45, "forty five": 45 },
  ...{ "twenty-five": 25, "twenty five": 25 },
};
const preposition = "(at|around|about|after|before|until|till|from|by)";
const time = `(${clockPattern.any})`;
const busy = "(?:busy|occupied|at work|working|tied up|unavailable|not free|not available|in a meeting|in meetings)";

/** Ways of saying a time of day, each as the grammar reads it. */
export const hourRewritings: readonly Rewriting[] = [
  [
    new RegExp(String.raw`\b${preposition} (${spelt}) (fifteen|thirty|forty[- ]five)\b(?! min)`, "g"),
    ([, word, hour = "", minute = ""]) => `${word} ${hours.indexOf(hour) + 1}:${minutes[minute]}`,
  ],
  // After "from" it is a range: "from ten to four".
  [
    new RegExp(
      String.raw`\b(at|around|about|after|before|until|till|by) (twenty[- ]five|five|ten|twenty|\d{1,2})(?: minutes?)? (past|to) (${spelt}|\d{1,2})\b(?! ?[ap]m)`,
      "g",
    ),
    ([whole = "", word, minute = "", way, hour = ""]) => {
      const past = minutes[minute] ?? Number(minute);
      const named = hours.indexOf(hour) + 1 || Number(hour);
      if (past < 1 || past > 29 || named < 1 || named > 12) return whole;
      if (way === "past") return `${word} ${named}:${String(past).padStart(2, "0")}`;
      return `${word} ${named === 1 ? 12 : named - 1}:${60 - past}`;
    },
  ],
  [new RegExp(String.raw`\bhalf (${spelt})\b`, "g"), ([, hour]) => `half past ${hour}`],
  [/\b(\d{1,2}(?:[:.]\d{2})?) ?-?ish\b/g, ([, clock]) => `around ${clock}`],
  // "1430" is a time where a time stands, "2026" after "in" is not.
  [
    /\b(at|around|about) ([01]\d|2[0-3])([0-5]\d)\b(?![-/.:\d])/g,
    ([, word, hour, minute]) => `${word} ${hour}:${minute}`,
  ],
  [new RegExp(String.raw`(?:\b(?:at|by) )?${time} at (?:the )?latest\b`, "g"), ([, clock]) => `until ${clock}`],
  [new RegExp(String.raw`(?:\bat )?${time} at (?:the )?earliest\b`, "g"), ([, clock]) => `not before ${clock}`],
  [new RegExp(String.raw`(?:\bat )?${time} or (?:later|after)\b`, "g"), ([, clock]) => `not before ${clock}`],
  [new RegExp(String.raw`(?:\bat )?${time} or (?:earlier|sooner|before)\b`, "g"), ([, clock]) => `not after ${clock}`],
  [/\b(?:nothing|none) (before|after|earlier than|later than)\b/g, ([, limit]) => `not ${limit}`],
  [
    new RegExp(String.raw`(?<!\b(?:half|quarter|five|ten|twenty|minutes?|\d) )\bpast ${time}`, "g"),
    ([, clock]) => `after ${clock}`,
  ],
  [new RegExp(String.raw`\bat ${time} (?:till|until) ${time}`, "g"), ([, from, until]) => `from ${from} to ${until}`],
  [new RegExp(String.raw`\b${busy} (?:until|till) ${time}`, "g"), ([, clock]) => `not before ${clock}`],
  [
    new RegExp(String.raw`\b${busy} (?:from|after) ${time}(?: on(?:wards)?)?`, "g"),
    ([, clock]) => `not after ${clock}`,
  ],
  [
    new RegExp(
      String.raw`\b(?:get off|finish|am free|am off|can leave)(?: from)?(?: work)? (?:at|from|after) ${time}`,
      "g",
    ),
    ([, clock]) => `not before ${clock}`,
  ],
  [
    new RegExp(String.raw`\b(?:have|need|got) to (?:leave|go|be back|be gone|be done) (?:by|before|at) ${time}`, "g"),
    ([, clock]) => `not after ${clock}`,
  ],
  [
    /(?<![\d.:/-])\b(?<!\b(?:from|between|at) )(\d{1,2})(?: ?[-–] ?| (?:to|till|until) )(\d{1,2})\b(?! ?(?:[-/.:\d]|st\b|nd\b|rd\b|th\b|of\b|min|hour|hr|day|week|month|people|[ap]\.?m|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))/g,
    ([whole = "", first, last]) => (Number(first) < 24 && Number(last) <= 24 ? `from ${first} to ${last}` : whole),
  ],
];
