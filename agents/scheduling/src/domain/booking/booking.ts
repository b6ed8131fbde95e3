// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import { minuteMs } from "../time/time-window.ts";
import { type Appointment, type FailureReason, takesTime } from "./appointment.ts";
import type { AppointmentEvent, Calendar } from "./calendar.ts";
import { objectionTo } from "./objection.ts";
import type { Provider } from "./provider.ts";
import { endOf, type Slot, slotId } from "./slot.ts";

/** What a calendar decides: something happens, it has happened already, or it is refused. */
export type Decision =
  | { readonly kind: "happens"; readonly event: AppointmentEvent }
  | { readonly kind: "repeat"; readonly appointment: Appointment }
  | { readonly kind: "refused"; readonly reason: FailureReason };

/** A wish to book. */
export interface BookingRequest {
  readonly userId: string;
  readonly slot: Slot;
  readonly idempotencyKey: string;
  /** Empty: none. */
  readonly conversationId: string;
  /** Who comes besides the user; unset: nobody. */
  readonly participantIds?: readonly string[] | undefined;
  /** Rooms and equipment that are free then; unset: none are needed. */
  readonly resourceIds?: readonly string[] | undefined;
}

/**
 * Whether a slot can be booked now. The same key of the same user, or the same time for the same user, is the same
 * booking. A provider who is asked first has the time taken until they answer, at the latest when it begins.
 */
export function decideBooking(calendar: Calendar, request: BookingRequest, now: number): Decision {
  const { provider } = calendar;
  if (provider === undefined) return { kind: "refused", reason: "PROVIDER_UNKNOWN" };
  const earlier = earlierBooking(calendar, request, now);
  if (earlier?.status === "FAILED") return { kind: "refused", reason: "PROVIDER_DECLINED" };
  if (earlier !== undefined) return { kind: "repeat", appointment: earlier };
  const { userId, slot, participantIds = [] } = request;
  const reason = objectionTo(calendar, provider, { slot, userId, now, persons: 1 + participantIds.length });
  if (reason !== undefined) return { kind: "refused", reason };
  const appointment = newAppointment({ provider, request, now });
  return {
    kind: "happens",
    event: { kind: appointment.status === "CONFIRMED" ? "confirmed" : "requested", appointment },
  };
}

function earlierBooking(calendar: Calendar, request: BookingRequest, now: number): Appointment | undefined {
  const { userId, slot } = request;
  const same = calendar.appointments.get(appointmentIdOf(request));
  if (same !== undefined) return same;
  return [...calendar.appointments.values()].find(
    (other) =>
      other.userId === userId && takesTime(other, now) && other.start === slot.start && other.end === endOf(slot),
  );
}

function newAppointment(from: { provider: Provider; request: BookingRequest; now: number }): Appointment {
  const { provider, request, now } = from;
  const { userId, slot, conversationId, participantIds = [], resourceIds = [] } = request;
  const { providerId, name: providerName } = provider;
  return {
    appointmentId: appointmentIdOf(request),
    ...standing(provider, slot, now),
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
    ...(participantIds.length === 0 ? {} : { participantIds }),
    ...(resourceIds.length === 0 ? {} : { resourceIds }),
  };
}

const usualAnswerMinutes = 60;

function standing({ bookingPolicy }: Provider, slot: Slot, now: number): Pick<Appointment, "status" | "answerBy"> {
  if (bookingPolicy?.asksProvider !== true) return { status: "CONFIRMED" };
  const within = bookingPolicy.answerWithinMinutes || usualAnswerMinutes;
  return { status: "SELECTED", answerBy: Math.min(slot.start, now + within * minuteMs) };
}

/** One id for one key of one user with one provider: a key that two users happen to share stands for two bookings. */
function appointmentIdOf({ slot, userId, idempotencyKey }: BookingRequest): string {
  return appointmentId(slot.providerId, userId, idempotencyKey);
}

/** The id of an appointment; it says whose calendar holds it. */
export function appointmentId(providerId: string, userId: string, key: string): string {
  const parts = JSON.stringify([providerId, userId, key]);
  return `${providerId}.${createHash("sha256").update(parts).digest("base64url").slice(0, 16)}`;
}

/** The provider whose calendar holds the appointment, read from its id; undefined when it is no id of ours. */
export function providerOf(appointmentId: string): string | undefined {
  return /^([A-Za-z0-9][A-Za-z0-9_-]{0,63})\.[A-Za-z0-9_-]{16}$/.exec(appointmentId)?.[1];
}
