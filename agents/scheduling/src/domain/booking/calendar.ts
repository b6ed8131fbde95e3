// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { dayMs, overlaps, type TimeWindow } from "../time/time-window.ts";
import { type Appointment, takesTime } from "./appointment.ts";
import { type Taken, withBuffers } from "./availability.ts";
import { type Hold, isHeld } from "./hold.ts";
import { offeringOf, type Provider } from "./provider.ts";
import type { TimeOff } from "./time-off.ts";

/** What can happen to an appointment; each says the appointment as it is from then on. */
export type AppointmentEvent = {
  readonly kind: "requested" | "confirmed" | "cancelled" | "changed" | "moved-away" | "failed" | "completed";
  readonly appointment: Appointment;
};

/** What can happen to a provider's calendar. */
export type CalendarEvent =
  | { readonly kind: "provider-described"; readonly provider: Provider }
  | AppointmentEvent
  | { readonly kind: "held"; readonly hold: Hold }
  | { readonly kind: "released"; readonly holdId: string }
  | { readonly kind: "unavailable"; readonly timeOff: TimeOff }
  | { readonly kind: "available"; readonly timeOffId: string }
  | { readonly kind: "acknowledged"; readonly timeOff: TimeOff }
  | { readonly kind: "busy-replaced"; readonly calendarId: string; readonly windows: readonly TimeWindow[] };

/** A provider and what is booked with them: the fold of the calendar's events. */
export interface Calendar {
  /** Unset: nobody of that id is known. */
  readonly provider: Provider | undefined;
  /** Events so far; an offer carries it. */
  readonly version: number;
  /** By appointment id; those that have been over for {@link keptAfterEndMs} are gone. */
  readonly appointments: ReadonlyMap<string, Appointment>;
  /** By hold id. A hold whose time is over may still be there, see `isHeld`. */
  readonly holds: ReadonlyMap<string, Hold>;
  /** By its id; what has been over for {@link keptAfterEndMs} is gone. */
  readonly timeOff: ReadonlyMap<string, TimeOff>;
  /** Busy times of calendars elsewhere, by calendar id. */
  readonly elsewhere: ReadonlyMap<string, readonly TimeWindow[]>;
}

/** A calendar to which nothing has happened. */
export const emptyCalendar: Calendar = {
  provider: undefined,
  version: 0,
  appointments: new Map(),
  holds: new Map(),
  timeOff: new Map(),
  elsewhere: new Map(),
};

/** How long a calendar remembers an appointment that is over. Without an end it would grow, and each booking with it. */
export const keptAfterEndMs = 30 * dayMs;

/** The calendar after the event. */
export function evolve(calendar: Calendar, event: CalendarEvent): Calendar {
  const next = { ...calendar, version: calendar.version + 1 };
  switch (event.kind) {
    case "provider-described":
      return { ...next, provider: event.provider };
    case "requested":
    case "confirmed":
    case "cancelled":
    case "changed":
    case "moved-away":
    case "failed":
    case "completed":
      return {
        ...next,
        appointments: withAppointment(calendar, event.appointment),
        holds: withoutOwn(calendar, event),
      };
    case "held":
      return { ...next, holds: withHold(calendar, event.hold) };
    case "released":
      return { ...next, holds: without(calendar.holds, event.holdId) };
    case "unavailable": {
      const { timeOff } = event;
      const left = [...calendar.holds].filter(([, hold]) => !overlaps(hold, timeOff));
      return { ...next, timeOff: withTimeOff(calendar, timeOff), holds: new Map(left) };
    }
    case "acknowledged":
      return { ...next, timeOff: withTimeOff(calendar, event.timeOff) };
    case "available":
      return { ...next, timeOff: without(calendar.timeOff, event.timeOffId) };
    case "busy-replaced":
      return { ...next, elsewhere: new Map(calendar.elsewhere).set(event.calendarId, event.windows) };
  }
}

/** For whom the calendar is looked at. */
export interface Looking {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Their own holds are no hindrance. */
  readonly userId?: string | undefined;
  /** An appointment that is no hindrance: it is being moved. */
  readonly movedId?: string | undefined;
}

/** The times that are taken, for whoever looks. */
export function busyTimes(calendar: Calendar, { now, userId, movedId }: Looking): readonly Taken[] {
  const { provider } = calendar;
  const booked = [...calendar.appointments.values()]
    .filter((appointment) => takesTime(appointment, now) && appointment.appointmentId !== movedId)
    .map((appointment): Taken => {
      const buffers = provider && offeringOf(provider, appointment.serviceType)?.buffers;
      return buffers === undefined ? appointment : { ...appointment, around: withBuffers(appointment, buffers) };
    });
  const held = [...calendar.holds.values()].filter((hold) => isHeld(hold, now) && hold.userId !== userId);
  return [...booked, ...held, ...calendar.timeOff.values(), ...[...calendar.elsewhere.values()].flat()];
}

function withAppointment(calendar: Calendar, appointment: Appointment): ReadonlyMap<string, Appointment> {
  const oldest = appointment.updatedAt - keptAfterEndMs;
  const kept = [...calendar.appointments].filter(([, { end }]) => end >= oldest);
  return new Map(kept).set(appointment.appointmentId, appointment);
}

/** Nobody holds two times with one provider: the later hold takes the place of the earlier one. */
function withHold({ holds }: Calendar, hold: Hold): ReadonlyMap<string, Hold> {
  const others = [...holds].filter(([, { userId }]) => userId !== hold.userId);
  return new Map([...others, [hold.holdId, hold]]);
}

/** A booking ends the hold that it was made from; holds that are over go with it. */
function withoutOwn({ holds }: Calendar, { appointment }: AppointmentEvent): ReadonlyMap<string, Hold> {
  if (holds.size === 0) return holds;
  const { userId, start, end, updatedAt } = appointment;
  const isOwn = (hold: Hold) => hold.userId === userId && overlaps(hold, { start, end });
  return new Map([...holds].filter(([, hold]) => isHeld(hold, updatedAt) && !isOwn(hold)));
}

function withTimeOff(calendar: Calendar, timeOff: TimeOff): ReadonlyMap<string, TimeOff> {
  const kept = [...calendar.timeOff].filter(([, { end }]) => end >= timeOff.createdAt - keptAfterEndMs);
  return new Map(kept).set(timeOff.timeOffId, timeOff);
}

function without<T>(map: ReadonlyMap<string, T>, key: string): ReadonlyMap<string, T> {
  return new Map([...map].filter(([other]) => other !== key));
}
