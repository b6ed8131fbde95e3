// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment } from "../booking/appointment.ts";
import { type DailyHours, localTime } from "../time/time-zone.ts";

/** What a person's past bookings say they like. It is a guess, and counts less than anything that they say. */
export interface Habits {
  /** To whom they went again, most often first. */
  readonly providerIds: readonly string[];
  /** The part of the day at which they mostly come; unset: none stands out. */
  readonly hours?: DailyHours | undefined;
  /** IANA name in which the hours are meant. */
  readonly timeZone: string;
}

/** Bookings from which on a provider counts as liked, or a part of the day as usual. */
const again = 2;
const usual = 3;
/** Only the latest count: people change. */
const latest = 20;

const parts: readonly DailyHours[] = [
  { from: "00:00", until: "12:00" },
  { from: "12:00", until: "17:00" },
  { from: "17:00", until: "24:00" },
];

/** What the bookings of one person say. Those that were cancelled, failed or moved say nothing. */
export function habitsOf(bookings: Iterable<Appointment>, timeZone: string): Habits {
  const kept = [...bookings]
    .filter(({ status }) => status === "CONFIRMED" || status === "COMPLETED")
    .sort((one, other) => other.start - one.start)
    .slice(0, latest);
  const visits = new Map<string, number>();
  for (const { providerId } of kept) visits.set(providerId, (visits.get(providerId) ?? 0) + 1);
  const liked = [...visits].filter(([, count]) => count >= again).sort(([, one], [, other]) => other - one);
  const [hours] = parts.filter((part) => {
    const count = kept.filter(({ start }) => isWithin(start, part, timeZone)).length;
    return count >= usual && count * 3 >= kept.length * 2;
  });
  return { providerIds: liked.map(([id]) => id), hours, timeZone };
}

/** Whether it begins within those hours of the zone's day. */
export function isWithin(start: number, { from, until }: DailyHours, timeZone: string): boolean {
  const clock = localTime(start, timeZone).toPlainTime().toString({ smallestUnit: "minute" });
  return from <= clock && clock < until;
}
