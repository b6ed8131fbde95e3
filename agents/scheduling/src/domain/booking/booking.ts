// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import { overlaps } from "../time/time-window.ts";
import { type Appointment, type FailureReason, takesTime } from "./appointment.ts";
import { freeTimes } from "./availability.ts";
import { busyTimes, type Calendar, type CalendarEvent } from "./calendar.ts";
import { offeringOf, type Provider } from "./provider.ts";
import { endOf, type Slot, slotId } from "./slot.ts";

/** What a calendar decides: something happens, it has happened already, or it is refused. */
export type Decision =
  | { readonly kind: "happens"; readonly event: Exclude<CalendarEvent, { kind: "provider-described" }> }
  | { readonly kind: "repeat"; readonly appointment: Appointment }
  | { readonly kind: "refused"; readonly reason: FailureReason };

/** A wish to book. */
export interface BookingRequest {
  readonly userId: string;
  readonly slot: Slot;
  readonly idempotencyKey: string;
  /** Empty: none. */
  readonly conversationId: string;
}

/**
 * Whether a slot can be booked now. The same key of the same user, or the same time for the same user, is the same
 * booking. The version of the offer makes no difference by itself: a calendar that changed elsewhere still has the time
 * free, and one that did not change may be asked for a time that was never offered; so the time itself is checked.
 */
export function decideBooking(calendar: Calendar, request: BookingRequest, now: number): Decision {
  const { provider } = calendar;
  if (provider === undefined) return { kind: "refused", reason: "PROVIDER_UNKNOWN" };
  const earlier = earlierBooking(calendar, request);
  if (earlier !== undefined) return { kind: "repeat", appointment: earlier };
  const reason = objection(calendar, { provider, slot: request.slot, now });
  if (reason !== undefined) return { kind: "refused", reason };
  const appointment = newAppointment({ provider, request, now });
  return { kind: "happens", event: { kind: "confirmed", appointment } };
}

/** Whether a user can give up an appointment now. Giving it up again changes nothing. */
export function decideCancellation(
  calendar: Calendar,
  request: { userId: string; appointmentId: string },
  now: number,
): Decision {
  const appointment = calendar.appointments.get(request.appointmentId);
  // Somebody else's appointment must look like none.
  if (appointment?.userId !== request.userId) return { kind: "refused", reason: "APPOINTMENT_UNKNOWN" };
  if (!takesTime(appointment)) return { kind: "repeat", appointment };
  if (appointment.start <= now) return { kind: "refused", reason: "APPOINTMENT_IN_PAST" };
  return {
    kind: "happens",
    event: { kind: "cancelled", appointment: { ...appointment, status: "CANCELLED_BY_USER", updatedAt: now } },
  };
}

function earlierBooking(calendar: Calendar, request: BookingRequest): Appointment | undefined {
  const { userId, slot } = request;
  const same = calendar.appointments.get(appointmentIdOf(request));
  if (same !== undefined) return same;
  return [...calendar.appointments.values()].find(
    (other) => other.userId === userId && takesTime(other) && other.start === slot.start && other.end === endOf(slot),
  );
}

function objection(
  calendar: Calendar,
  { provider, slot, now }: { provider: Provider; slot: Slot; now: number },
): FailureReason | undefined {
  const time = { start: slot.start, end: endOf(slot) };
  if (time.start < now) return "SLOT_IN_PAST";
  const search = { windows: [time], durationMinutes: slot.durationMinutes, now, most: 1 };
  if (offeringOf(provider, slot.serviceType) === undefined) return "SLOT_NOT_OFFERED";
  if (freeTimes(provider, [], search).length === 0) return "SLOT_NOT_OFFERED";
  return busyTimes(calendar).some((taken) => overlaps(taken, time)) ? "SLOT_TAKEN" : undefined;
}

function newAppointment(from: { provider: Provider; request: BookingRequest; now: number }): Appointment {
  const { provider, request, now } = from;
  const { userId, slot, conversationId } = request;
  const { providerId, name: providerName } = provider;
  return {
    appointmentId: appointmentIdOf(request),
    status: "CONFIRMED",
    userId,
    providerId,
    providerName,
    serviceType: slot.serviceType,
    slotId: slotId(slot),
    conversationId,
    start: slot.start,
    end: endOf(slot),
    createdAt: now,
    updatedAt: now,
  };
}

/** One id for one key of one user with one provider: a key that two users happen to share stands for two bookings. */
function appointmentIdOf({ slot: { providerId }, userId, idempotencyKey }: BookingRequest): string {
  const parts = JSON.stringify([providerId, userId, idempotencyKey]);
  return `${providerId}.${createHash("sha256").update(parts).digest("base64url").slice(0, 16)}`;
}

/** The provider whose calendar holds the appointment, read from its id; undefined when it is no id of ours. */
export function providerOf(appointmentId: string): string | undefined {
  return /^([A-Za-z0-9][A-Za-z0-9_-]{0,63})\.[A-Za-z0-9_-]{16}$/.exec(appointmentId)?.[1];
}
