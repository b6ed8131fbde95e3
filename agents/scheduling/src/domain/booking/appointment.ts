// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { TimeWindow } from "../time/time-window.ts";

/** Where an appointment stands; the names of parley.scheduling.v1.AppointmentStatus without their prefix. */
export type AppointmentStatus =
  | "REQUESTED"
  | "OFFERED"
  | "SELECTED"
  | "CONFIRMED"
  | "CANCELLED_BY_USER"
  | "CANCELLED_BY_PROVIDER"
  | "COMPLETED"
  | "FAILED";

/** Why a booking or cancellation did not come about; the names of parley.scheduling.v1.FailureReason without their prefix. */
export type FailureReason =
  | "SLOT_TAKEN"
  | "SLOT_IN_PAST"
  | "SLOT_NOT_OFFERED"
  | "SLOT_UNKNOWN"
  | "PROVIDER_UNKNOWN"
  | "APPOINTMENT_UNKNOWN"
  | "APPOINTMENT_IN_PAST"
  | "SLOT_HELD"
  | "OFFER_EXPIRED"
  | "PROVIDER_DECLINED"
  | "PROVIDER_SILENT"
  | "RESOURCE_TAKEN"
  | "PARTICIPANT_BUSY"
  | "APPOINTMENT_NOT_BOOKED"
  | "NOTHING_FREE"
  | "GROUP_TOO_LARGE"
  | "PROVIDER_UNAVAILABLE";

/** A booked time. Instants in milliseconds since the epoch. */
export interface Appointment extends TimeWindow {
  readonly appointmentId: string;
  readonly status: AppointmentStatus;
  readonly userId: string;
  readonly providerId: string;
  /** As it was when booked. */
  readonly providerName: string;
  readonly serviceType: string;
  readonly slotId: string;
  /** Empty: none. */
  readonly conversationId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Who comes besides the user; unset: nobody. */
  readonly participantIds?: readonly string[] | undefined;
  /** Rooms and equipment that are taken with it; unset: none. */
  readonly resourceIds?: readonly string[] | undefined;
  /** With SELECTED: until when the provider may say yes. */
  readonly answerBy?: number | undefined;
  /** The one with another provider whose place it took. */
  readonly movedFromId?: string | undefined;
  /** The one with another provider that took its place. */
  readonly movedToId?: string | undefined;
}

/** Whether the time is taken by it: it is booked, or waits for the provider's word, which may still come. */
export function takesTime({ status, answerBy = 0 }: Appointment, now: number): boolean {
  return status === "CONFIRMED" || (status === "SELECTED" && answerBy > now);
}

/** Everybody who comes. */
export function personsOf({ userId, participantIds = [] }: Appointment): readonly string[] {
  return [userId, ...participantIds];
}

/** Those to which a user comes, earliest first; without `includePast` only those still to come. */
export function appointmentsOf(
  appointments: Iterable<Appointment>,
  { userId, includePast, now }: { userId: string; includePast: boolean; now: number },
): readonly Appointment[] {
  return [...appointments]
    .filter((appointment) => personsOf(appointment).includes(userId))
    .filter((appointment) => includePast || (takesTime(appointment, now) && appointment.end > now))
    .sort((a, b) => a.start - b.start || a.appointmentId.localeCompare(b.appointmentId));
}
