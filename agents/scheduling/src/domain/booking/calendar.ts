// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { TimeWindow } from "../time/time-window.ts";
import { type Appointment, takesTime } from "./appointment.ts";
import type { Provider } from "./provider.ts";

/** What can happen to a provider's calendar. */
export type CalendarEvent =
  | { readonly kind: "provider-described"; readonly provider: Provider }
  | { readonly kind: "confirmed"; readonly appointment: Appointment; readonly idempotencyKey: string }
  | { readonly kind: "cancelled"; readonly appointment: Appointment };

/** A provider and what is booked with them: the fold of the calendar's events. */
export interface Calendar {
  /** Unset: nobody of that id is known. */
  readonly provider: Provider | undefined;
  /** Events so far; an offer carries it. */
  readonly version: number;
  readonly appointments: ReadonlyMap<string, Appointment>;
  /** Appointment id by user and idempotency key; see {@link repeatKey}. */
  readonly repeats: ReadonlyMap<string, string>;
}

/** A calendar to which nothing has happened. */
export const emptyCalendar: Calendar = { provider: undefined, version: 0, appointments: new Map(), repeats: new Map() };

/** The calendar after the event. */
export function evolve(calendar: Calendar, event: CalendarEvent): Calendar {
  const version = calendar.version + 1;
  switch (event.kind) {
    case "provider-described":
      return { ...calendar, version, provider: event.provider };
    case "confirmed": {
      const { appointment } = event;
      const repeats = new Map(calendar.repeats).set(
        repeatKey(appointment.userId, event.idempotencyKey),
        appointment.appointmentId,
      );
      return { ...calendar, version, appointments: withAppointment(calendar, appointment), repeats };
    }
    case "cancelled":
      return { ...calendar, version, appointments: withAppointment(calendar, event.appointment) };
  }
}

/** The times that are taken. */
export function busyTimes(calendar: Calendar): readonly TimeWindow[] {
  return [...calendar.appointments.values()].filter(takesTime);
}

/** One key per user: a key that two users happen to share stands for two bookings. */
export function repeatKey(userId: string, idempotencyKey: string): string {
  return JSON.stringify([userId, idempotencyKey]);
}

function withAppointment(calendar: Calendar, appointment: Appointment): ReadonlyMap<string, Appointment> {
  return new Map(calendar.appointments).set(appointment.appointmentId, appointment);
}
