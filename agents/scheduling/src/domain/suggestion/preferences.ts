// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DailyHours, isTimeZone, localTime } from "../time/time-zone.ts";

/** Hours of certain days; no days: every day. Day 1 is Monday. */
export interface PreferredHours {
  readonly days: readonly number[];
  readonly hours: DailyHours;
}

/** What a user likes. */
export interface Preferences {
  readonly userId: string;
  readonly preferredProviderIds: readonly string[];
  /** 0: what the service takes. */
  readonly defaultDurationMinutes: number;
  /** None: any time. */
  readonly preferredHours: readonly PreferredHours[];
  /** IANA name; empty: UTC. */
  readonly timeZone: string;
  readonly noSuggestions: boolean;
}

/** What is known of a user who has set nothing. */
export function noPreferences(userId: string): Preferences {
  return {
    userId,
    preferredProviderIds: [],
    defaultDurationMinutes: 0,
    preferredHours: [],
    timeZone: "",
    noSuggestions: false,
  };
}

/** The zone of the user's clock. */
export function zoneOfUser({ timeZone }: Preferences): string {
  return isTimeZone(timeZone) ? timeZone : "UTC";
}

/** Whether a time begins when the user likes to come. */
export function suits(preferences: Preferences, start: number): boolean {
  const { preferredHours } = preferences;
  if (preferredHours.length === 0) return true;
  const local = localTime(start, zoneOfUser(preferences));
  const clock = local.toPlainTime().toString({ smallestUnit: "minute" });
  return preferredHours.some(
    ({ days, hours }) =>
      (days.length === 0 || days.includes(local.dayOfWeek)) && hours.from <= clock && clock < hours.until,
  );
}
