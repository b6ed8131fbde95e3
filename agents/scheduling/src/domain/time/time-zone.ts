// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";

/** A local time of day, "HH:MM" in 24 hours; as the end of something also "24:00". They compare as strings. */
export type TimeOfDay = string;

/** Hours of a day in local time: from `from` up to, not including, `until`. */
export interface DailyHours {
  readonly from: TimeOfDay;
  readonly until: TimeOfDay;
}

/** Whether the name is an IANA time zone known here, e.g. "Europe/Berlin". Bare offsets are not: they know no summer. */
export function isTimeZone(name: string): boolean {
  // Temporal would also take a whole date with a zone in brackets.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/** What clocks and calendars of the zone show at that moment. */
export function localTime(instantMs: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(timeZone);
}

/**
 * The moment at which a clock of the zone shows that time of that day. A time that daylight saving repeats has two; a time
 * that it skips counts as the moment of the skip, so that hours which begin or end inside the gap lose only what is missing.
 */
export function instantOf(
  date: Temporal.PlainDate,
  time: TimeOfDay,
  zone: { timeZone: string; side: "first" | "last" },
): number {
  const plain = time === "24:00" ? date.add({ days: 1 }).toPlainDateTime() : date.toPlainDateTime(time);
  const earlier = plain.toZonedDateTime(zone.timeZone, { disambiguation: "earlier" });
  const later = plain.toZonedDateTime(zone.timeZone, { disambiguation: "later" });
  if (earlier.toPlainDateTime().equals(plain)) return (zone.side === "first" ? earlier : later).epochMilliseconds;
  return (earlier.getTimeZoneTransition("next") ?? later).epochMilliseconds;
}

/** First moment of a local day. */
export function startOfDay(date: Temporal.PlainDate, timeZone: string): number {
  return instantOf(date, "00:00", { timeZone, side: "first" });
}

/** The local days that a stretch of time touches. At most `most` of them. */
export function localDates(
  window: { start: number; end: number },
  timeZone: string,
  most: number,
): readonly Temporal.PlainDate[] {
  const last = localTime(window.end - 1, timeZone).toPlainDate();
  const dates: Temporal.PlainDate[] = [];
  let date = localTime(window.start, timeZone).toPlainDate();
  while (dates.length < most && Temporal.PlainDate.compare(date, last) <= 0) {
    dates.push(date);
    date = date.add({ days: 1 });
  }
  return dates;
}
