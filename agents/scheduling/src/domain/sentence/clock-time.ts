// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { TimeOfDay } from "../time/time-zone.ts";

const hourWords = [
  "twelve",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
] as const;
const hourWord = `(?:${hourWords.join("|")})`;
const explicit = String.raw`(?:noon|midday|midnight|(?:half past|quarter past|quarter to) (?:${hourWord}|\d{1,2})|\d{1,2}[:.]\d{2}(?: ?[ap]m)?|\d{1,2} ?[ap]m|\d{1,2}h\d{2}|(?:\d{1,2}|${hourWord}) o'?clock)`;
// A bare number is a time only where nothing makes it a date, a length or a count.
const bare = String.raw`(?:\d{1,2}|${hourWord})(?! ?(?:(?:st|nd|rd|th)\b|[/.:%]\d|-(?:minute|hour)|days?|weeks?|months?|hours?|hrs?|minutes?|mins?|years?|people|persons?|of\b|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|[ap]m|\d))`;

/** Patterns of a time of day, as sources of regular expressions: one that cannot be anything else, and any. */
export const clockPattern = {
  explicit: String.raw`\b${explicit}(?![\w])`,
  any: String.raw`\b(?:${explicit}|${bare})(?![\w])`,
} as const;

/** The half of the day that other words of the sentence speak of. */
export type HalfOfDay = "am" | "pm" | undefined;

/**
 * The time that the words say; undefined when there is no such time. Hours without "am" or "pm" are taken as people take
 * them for appointments: 1 to 6 are afternoon, 7 to 11 morning, unless the sentence says which half of the day it means.
 */
export function clockTime(words: string, half?: HalfOfDay): TimeOfDay | undefined {
  if (words === "noon" || words === "midday") return "12:00";
  if (words === "midnight") return "24:00";
  const parts = /^(?:(half past|quarter past|quarter to) )?(\d{1,2}|[a-z]+)(?:[:.h](\d{2}))? ?(am|pm|o'?clock)?$/.exec(
    words,
  );
  if (parts === null) return undefined;
  const [, relation, hourText = "", minuteText, suffix] = parts;
  const named = hourWords.indexOf(hourText as (typeof hourWords)[number]);
  const spoken = named >= 0 ? named || 12 : Number(hourText);
  const minute =
    relation === "half past"
      ? 30
      : relation === "quarter past"
        ? 15
        : relation === "quarter to"
          ? -15
          : Number(minuteText ?? 0);
  if (!Number.isInteger(spoken) || minute > 59) return undefined;
  const said = suffix === "am" || suffix === "pm" ? suffix : undefined;
  if (said !== undefined && (spoken < 1 || spoken > 12)) return undefined;
  const hour = hourOf(spoken, said ?? (hourText.startsWith("0") ? "am" : (half ?? usualHalf(spoken))));
  const minutes = hour * 60 + minute;
  if (minutes < 0 || minutes > 24 * 60) return undefined;
  return timeOfDay(minutes);
}

/** Minutes since midnight as "HH:MM"; at most 24:00. */
export function timeOfDay(minutes: number): TimeOfDay {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** "HH:MM" as minutes since midnight. */
export function minutesOf(time: TimeOfDay): number {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return hour * 60 + minute;
}

function usualHalf(hour: number): HalfOfDay {
  return hour >= 1 && hour <= 6 ? "pm" : hour === 12 ? "pm" : "am";
}

function hourOf(spoken: number, half: HalfOfDay): number {
  if (spoken > 12) return spoken;
  return (spoken % 12) + (half === "pm" ? 12 : 0);
}
