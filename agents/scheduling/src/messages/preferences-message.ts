// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { type UserPreferences, UserPreferencesSchema } from "@parley/contracts/parley/scheduling/v1/preferences_pb.js";
import type { Preferences } from "../domain/suggestion/preferences.ts";

/** What a user likes, as a message. */
export function preferencesMessage({ preferredHours, preferredProviderIds, ...same }: Preferences): UserPreferences {
  return create(UserPreferencesSchema, {
    ...same,
    preferredProviderIds: [...preferredProviderIds],
    preferredHours: preferredHours.map(({ days, hours }) => ({ days: [...days], hours: { ...hours } })),
  });
}

/** What a user likes, as a message says it. */
export function preferencesFrom(message: UserPreferences): Preferences {
  const { userId, preferredProviderIds, defaultDurationMinutes, preferredHours, timeZone, noSuggestions } = message;
  return {
    ...{ userId, preferredProviderIds, defaultDurationMinutes, timeZone, noSuggestions },
    preferredHours: preferredHours.map(({ days, hours }) => ({
      days,
      hours: { from: hours?.from ?? "", until: hours?.until ?? "" },
    })),
  };
}
