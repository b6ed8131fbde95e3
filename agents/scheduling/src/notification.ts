// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment } from "./domain/booking/appointment.ts";
import type { Offer } from "./domain/booking/offer.ts";

/** What a piece of news is about; the names of parley.scheduling.v1.NotificationKind without their prefix. */
export type NewsKind =
  | "APPOINTMENT_CONFIRMED"
  | "APPOINTMENT_CANCELLED"
  | "APPOINTMENT_CHANGED"
  | "APPOINTMENT_FAILED"
  | "ALTERNATIVES_PROPOSED"
  | "SUGGESTION"
  | "BOOKING_REQUESTED"
  | "UPDATE_ACKNOWLEDGED";

/** What somebody is told without having asked; its text is made for whoever reads it. */
export interface News {
  readonly notificationId: string;
  readonly kind: NewsKind;
  /** Unset where it is about none. */
  readonly appointment?: Appointment | undefined;
  /** Milliseconds since the epoch. */
  readonly happenedAt: number;
  /** What may be chosen now. */
  readonly offers?: readonly Offer[] | undefined;
  /** With a change: the appointment as it was. */
  readonly original?: Appointment | undefined;
  /** With a suggestion. */
  readonly suggestionId?: string | undefined;
  /** In the words of who caused it. */
  readonly note?: string | undefined;
}

/** The news of an appointment, told once for each kind and moment. */
export function newsOf(kind: NewsKind, appointment: Appointment, more: Partial<News> = {}): News {
  const { appointmentId, updatedAt } = appointment;
  const often = kind === "APPOINTMENT_CHANGED" ? `.${updatedAt}` : "";
  const notificationId = `${appointmentId}.${kind.toLowerCase()}${often}`;
  return { notificationId, kind, appointment, happenedAt: updatedAt, ...more };
}
