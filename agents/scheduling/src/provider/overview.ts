// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineProjection } from "@parley/mesh";
import { type Appointment, personsOf } from "../domain/booking/appointment.ts";
import { type Calendar, emptyCalendar, evolve } from "../domain/booking/calendar.ts";
import type { Provider } from "../domain/booking/provider.ts";
import type { Resource } from "../domain/booking/resource.ts";
import { type CalendarEventType, calendarEventOf } from "../messages/calendar-event.ts";
import { resourceEventOf } from "../messages/resource-message.ts";
import { calendars } from "./calendars.ts";
import { type ResourceEventType, resources } from "./resources.ts";

/** What is known over all calendars. */
export interface Overview {
  /** By provider id. */
  readonly providers: Map<string, Provider>;
  /** As far as they have come in, by provider id; for what may be a moment old. */
  readonly calendars: Map<string, Calendar>;
  /** By resource id. */
  readonly resources: Map<string, Resource>;
  /** All appointments, also those that are over, by appointment id. */
  readonly appointments: Map<string, Appointment>;
  /** Ids of the appointments to which they come, by user id. */
  readonly ofUser: Map<string, Set<string>>;
}

/** Providers, resources and appointments over all calendars, for lists: one calendar by itself is loaded. */
export const overview = defineProjection<Overview, CalendarEventType | ResourceEventType>({
  name: "overview",
  journals: [calendars, resources],
  initial: (): Overview => ({
    providers: new Map(),
    calendars: new Map(),
    resources: new Map(),
    appointments: new Map(),
    ofUser: new Map(),
  }),
  evolve(state, event, { key }): Overview {
    switch (event.$typeName) {
      case "parley.scheduling.v1.ResourceDescribed":
      case "parley.scheduling.v1.ResourceReserved":
      case "parley.scheduling.v1.ResourceFreed": {
        const known = resourceEventOf(event);
        if (known.kind === "described") state.resources.set(known.resource.resourceId, known.resource);
        return state;
      }
      default: {
        const known = calendarEventOf(event);
        if (known.kind === "provider-described") state.providers.set(known.provider.providerId, known.provider);
        state.calendars.set(key, evolve(state.calendars.get(key) ?? emptyCalendar, known));
        if ("appointment" in known) keep(state, known.appointment);
        return state;
      }
    }
  },
});

/** The appointments to which a user comes, in no order. */
export function appointmentsWith({ appointments, ofUser }: Overview, userId: string): readonly Appointment[] {
  return [...(ofUser.get(userId) ?? [])].flatMap((id) => appointments.get(id) ?? []);
}

function keep({ appointments, ofUser }: Overview, appointment: Appointment): void {
  const { appointmentId } = appointment;
  const before = appointments.get(appointmentId);
  const gone = before === undefined ? [] : personsOf(before).filter((user) => !personsOf(appointment).includes(user));
  for (const user of gone) ofUser.get(user)?.delete(appointmentId);
  appointments.set(appointmentId, appointment);
  for (const user of personsOf(appointment)) ofUser.set(user, (ofUser.get(user) ?? new Set()).add(appointmentId));
}
