// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { UserPreferencesSetSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { defineProjection } from "@parley/mesh";
import { personsOf } from "../domain/booking/appointment.ts";
import type { Tastes } from "../domain/suggestion/tastes.ts";
import { type CalendarEventType, calendarEventOf } from "../messages/calendar-event.ts";
import { preferencesFrom } from "../messages/preferences-message.ts";
import { present } from "../messages/present.ts";
import { calendars } from "../provider/calendars.ts";
import { preferences } from "../user/preferences.ts";

/** Whom users like: what they said, and where they went. */
export const tastes = defineProjection<Tastes, CalendarEventType | typeof UserPreferencesSetSchema>({
  name: "tastes",
  journals: [calendars, preferences],
  initial: (): Tastes => ({ providers: new Map(), preferences: new Map(), appointments: new Map() }),
  evolve(state, event): Tastes {
    if (event.$typeName === "parley.scheduling.v1.UserPreferencesSet") {
      const said = preferencesFrom(present(event.preferences));
      state.preferences.set(said.userId, said);
      return state;
    }
    const known = calendarEventOf(event);
    if (known.kind === "provider-described") state.providers.set(known.provider.providerId, known.provider);
    if ("appointment" in known) {
      const { appointment } = known;
      for (const userId of personsOf(appointment)) {
        const theirs = state.appointments.get(userId) ?? new Map();
        state.appointments.set(userId, theirs.set(appointment.appointmentId, appointment));
      }
    }
    return state;
  },
});
