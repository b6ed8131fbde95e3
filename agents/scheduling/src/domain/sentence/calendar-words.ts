// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** A weekday, whole or shortened, as the source of a regular expression with one group. */
export const weekdayPattern =
  "(mon(?:day)?|tue(?:s|sday)?|wed(?:nesday|s)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)";

/** The beginning of a month's name, as the source of a regular expression without groups. */
export const monthPattern = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** The number of a month from its name: 1 is January. */
export function monthNumber(name: string): number {
  return months.indexOf(name.slice(0, 3)) + 1;
}

/** The beginning of a month's name from its number: 1 is "jan". */
export function monthName(number: number): string {
  return months[number - 1] ?? "";
}

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** The number of a weekday from its name: 1 is Monday. */
export function weekdayNumber(name: string): number {
  return days.indexOf(name.slice(0, 3)) + 1;
}
