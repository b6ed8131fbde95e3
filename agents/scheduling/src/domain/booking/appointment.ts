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
  | "APPOINTMENT_IN_PAST";

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
}

/** Whether the time is taken by it. */
export function takesTime(appointment: Appointment): boolean {
  return appointment.status === "CONFIRMED";
}

/** Those of a user, earliest first; without `includePast` only those still to come. */
export function appointmentsOf(
  appointments: Iterable<Appointment>,
  { userId, includePast, now }: { userId: string; includePast: boolean; now: number },
): readonly Appointment[] {
  return [...appointments]
    .filter((appointment) => appointment.userId === userId)
    .filter((appointment) => includePast || (takesTime(appointment) && appointment.end > now))
    .sort((a, b) => a.start - b.start || a.appointmentId.localeCompare(b.appointmentId));
}
