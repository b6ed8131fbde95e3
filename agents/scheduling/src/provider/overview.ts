// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineProjection } from "@parley/mesh";
import type { Appointment } from "../domain/booking/appointment.ts";
import type { CalendarEvent } from "../domain/booking/calendar.ts";
import type { Provider } from "../domain/booking/provider.ts";
import { calendarEventOf } from "../messages/calendar-event.ts";
import { calendars } from "./calendars.ts";

/** What is known over all calendars. */
interface Overview {
  /** By provider id. */
  readonly providers: Map<string, Provider>;
  /** All appointments, also those that are over, by appointment id. */
  readonly appointments: Map<string, Appointment>;
  /** Ids of their appointments, by user id. */
  readonly ofUser: Map<string, Set<string>>;
}

/** Providers and appointments over all calendars, for lists: one calendar by itself is loaded. */
export const overview = defineProjection({
  name: "overview",
  journals: [calendars],
  initial: (): Overview => ({ providers: new Map(), appointments: new Map(), ofUser: new Map() }),
  evolve(state, event) {
    add(state, calendarEventOf(event));
    return state;
  },
});

function add({ providers, appointments, ofUser }: Overview, event: CalendarEvent): void {
  switch (event.kind) {
    case "provider-described":
      providers.set(event.provider.providerId, event.provider);
      break;
    case "confirmed":
    case "cancelled": {
      const { userId, appointmentId } = event.appointment;
      appointments.set(appointmentId, event.appointment);
      ofUser.set(userId, (ofUser.get(userId) ?? new Set()).add(appointmentId));
    }
  }
}
