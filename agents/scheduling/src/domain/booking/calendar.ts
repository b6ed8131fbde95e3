// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { dayMs, type TimeWindow } from "../time/time-window.ts";
import { type Appointment, takesTime } from "./appointment.ts";
import type { Provider } from "./provider.ts";

/** What can happen to a provider's calendar. */
export type CalendarEvent =
  | { readonly kind: "provider-described"; readonly provider: Provider }
  | { readonly kind: "confirmed"; readonly appointment: Appointment }
  | { readonly kind: "cancelled"; readonly appointment: Appointment };

/** A provider and what is booked with them: the fold of the calendar's events. */
export interface Calendar {
  /** Unset: nobody of that id is known. */
  readonly provider: Provider | undefined;
  /** Events so far; an offer carries it. */
  readonly version: number;
  /** By appointment id; those that have been over for {@link keptAfterEndMs} are gone. */
  readonly appointments: ReadonlyMap<string, Appointment>;
}

/** A calendar to which nothing has happened. */
export const emptyCalendar: Calendar = { provider: undefined, version: 0, appointments: new Map() };

/** How long a calendar remembers an appointment that is over. Without an end it would grow, and each booking with it. */
export const keptAfterEndMs = 30 * dayMs;

/** The calendar after the event. */
export function evolve(calendar: Calendar, event: CalendarEvent): Calendar {
  const version = calendar.version + 1;
  switch (event.kind) {
    case "provider-described":
      return { ...calendar, version, provider: event.provider };
    case "confirmed":
    case "cancelled":
      return { ...calendar, version, appointments: withAppointment(calendar, event.appointment) };
  }
}

/** The times that are taken. */
export function busyTimes(calendar: Calendar): readonly TimeWindow[] {
  return [...calendar.appointments.values()].filter(takesTime);
}

function withAppointment(calendar: Calendar, appointment: Appointment): ReadonlyMap<string, Appointment> {
  const oldest = appointment.updatedAt - keptAfterEndMs;
  const kept = [...calendar.appointments].filter(([, { end }]) => end >= oldest);
  return new Map(kept).set(appointment.appointmentId, appointment);
}
