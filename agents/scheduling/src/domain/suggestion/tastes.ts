// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Appointment, takesTime } from "../booking/appointment.ts";
import type { Provider } from "../booking/provider.ts";
import type { Preferences } from "./preferences.ts";

/** What is known of whom users like. */
export interface Tastes {
  /** By provider id. */
  readonly providers: Map<string, Provider>;
  /** What users said, by user id. */
  readonly preferences: Map<string, Preferences>;
  /** Appointments by user id, then by appointment id. */
  readonly appointments: Map<string, Map<string, Appointment>>;
}

/** Bookings with a provider from which on they count as liked, without the user having said so. */
const bookingsOfLiked = 2;

/** Somebody who may like to hear of a provider's time. */
export interface Interested {
  readonly userId: string;
  /** What they would come for. */
  readonly serviceType: string;
  readonly preferences: Preferences | undefined;
}

/**
 * Who likes a provider: by their own word, or as they came again. Not those who want no suggestions, or have an appointment for
 * the same service to come. Those who came most often first.
 */
export function interestedIn(
  { providers, preferences, appointments }: Tastes,
  providerId: string,
  now: number,
): readonly Interested[] {
  const provider = providers.get(providerId);
  if (provider === undefined) return [];
  const users = new Set([...preferences.keys(), ...appointments.keys()]);
  return [...users]
    .flatMap((userId) => {
      const said = preferences.get(userId);
      const own = [...(appointments.get(userId)?.values() ?? [])];
      const came = own.filter((each) => each.providerId === providerId && cameOrComes(each));
      const likes = said?.preferredProviderIds.includes(providerId) === true || came.length >= bookingsOfLiked;
      const serviceType = came.at(-1)?.serviceType ?? provider.services[0]?.serviceType;
      if (!likes || said?.noSuggestions === true || serviceType === undefined) return [];
      const provided = own.some((each) => each.serviceType === serviceType && takesTime(each, now) && each.end > now);
      return provided ? [] : [{ userId, serviceType, preferences: said, came: came.length }];
    })
    .sort((one, other) => other.came - one.came || (one.userId < other.userId ? -1 : 1));
}

function cameOrComes({ status }: Appointment): boolean {
  return status === "CONFIRMED" || status === "COMPLETED";
}
