// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment } from "./domain/booking/appointment.ts";
import { appointmentInWords } from "./domain/conversation/replies.ts";
import { type Reader, timeInWords, zoneInWords } from "./domain/time/local-words.ts";

/** What somebody is told without having asked; its text is made for whoever reads it. */
export interface News {
  readonly notificationId: string;
  readonly kind: "APPOINTMENT_CONFIRMED" | "APPOINTMENT_CANCELLED";
  readonly appointment: Appointment;
  /** Milliseconds since the epoch. */
  readonly happenedAt: number;
}

/** The news of an appointment that was confirmed or cancelled. */
export function newsOf(kind: News["kind"], appointment: Appointment): News {
  const { appointmentId, updatedAt } = appointment;
  return { notificationId: `${appointmentId}.${kind.toLowerCase()}`, kind, appointment, happenedAt: updatedAt };
}

/** The news for the user. */
export function textForUser({ kind, appointment }: News, reader: Reader): string {
  const what = kind === "APPOINTMENT_CONFIRMED" ? "confirmed" : "cancelled";
  return `Your appointment is ${what}: ${appointmentInWords(appointment, reader)}.`;
}

/** The news for the provider. */
export function textForProvider({ kind, appointment }: News, reader: Reader): string {
  const what = kind === "APPOINTMENT_CONFIRMED" ? "New appointment" : "Appointment cancelled";
  return `${what}: ${appointment.serviceType}, ${timeInWords(appointment, reader)} (${zoneInWords(reader.timeZone)}).`;
}
