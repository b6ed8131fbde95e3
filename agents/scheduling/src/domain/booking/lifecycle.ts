// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Appointment, personsOf, takesTime } from "./appointment.ts";
import type { Decision } from "./booking.ts";
import type { Calendar } from "./calendar.ts";

/** An appointment, and who says so. */
export interface Said {
  readonly appointmentId: string;
  /** The user, or undefined where the provider says so, who must be asked for before. */
  readonly userId?: string | undefined;
}

/**
 * Whether an appointment can be given up now, by its user or by its provider. Giving it up again changes nothing. Of a
 * group, whoever does not come any more is left out, and the others come.
 */
export function decideCancellation(calendar: Calendar, { appointmentId, userId }: Said, now: number): Decision {
  const appointment = calendar.appointments.get(appointmentId);
  // Somebody else's appointment must look like none.
  if (appointment === undefined || (userId !== undefined && !personsOf(appointment).includes(userId)))
    return { kind: "refused", reason: "APPOINTMENT_UNKNOWN" };
  if (!takesTime(appointment, now)) return { kind: "repeat", appointment };
  if (appointment.start <= now) return { kind: "refused", reason: "APPOINTMENT_IN_PAST" };
  if (userId !== undefined && userId !== appointment.userId) {
    const participantIds = (appointment.participantIds ?? []).filter((id) => id !== userId);
    return happens("changed", { ...appointment, participantIds, updatedAt: now });
  }
  const status = userId === undefined ? "CANCELLED_BY_PROVIDER" : "CANCELLED_BY_USER";
  return happens("cancelled", { ...appointment, status, updatedAt: now });
}

/** Whether an appointment is over and took place. One that was moved meanwhile ends later. */
export function decideCompletion(calendar: Calendar, appointmentId: string, now: number): Decision {
  const appointment = calendar.appointments.get(appointmentId);
  if (appointment === undefined) return { kind: "refused", reason: "APPOINTMENT_UNKNOWN" };
  if (appointment.status !== "CONFIRMED" || appointment.end > now) return { kind: "repeat", appointment };
  return happens("completed", { ...appointment, status: "COMPLETED", updatedAt: now });
}

/** What a provider, or the end of the time for it, says to a booking that waits for their word. */
export type Answer = "accepted" | "rejected" | "silent";

/** What becomes of a booking that waits for the provider's word. The first answer counts. */
export function decideAnswer(
  calendar: Calendar,
  appointmentId: string,
  said: { answer: Answer; now: number },
): Decision {
  const { answer, now } = said;
  const appointment = calendar.appointments.get(appointmentId);
  if (appointment === undefined) return { kind: "refused", reason: "APPOINTMENT_UNKNOWN" };
  const { status, answerBy = 0 } = appointment;
  if (status === "SELECTED" && answer === "silent" && answerBy > now) return { kind: "repeat", appointment };
  if (status === "SELECTED" && answer === "accepted" && answerBy <= now)
    return { kind: "refused", reason: "PROVIDER_SILENT" };
  if (status === "SELECTED")
    return answer === "accepted"
      ? happens("confirmed", { ...settled(appointment), status: "CONFIRMED", updatedAt: now })
      : happens("failed", { ...settled(appointment), status: "FAILED", updatedAt: now });
  const same = answer === "accepted" ? status === "CONFIRMED" : status === "FAILED";
  return same || answer === "silent"
    ? { kind: "repeat", appointment }
    : { kind: "refused", reason: "APPOINTMENT_NOT_BOOKED" };
}

/** What becomes of an appointment whose provider is away then. */
export function decideDisplacement(calendar: Calendar, appointmentId: string, now: number): Decision {
  const appointment = calendar.appointments.get(appointmentId);
  if (appointment === undefined) return { kind: "refused", reason: "APPOINTMENT_UNKNOWN" };
  if (!takesTime(appointment, now)) return { kind: "repeat", appointment };
  return happens("changed", { ...settled(appointment), status: "CANCELLED_BY_PROVIDER", updatedAt: now });
}

function settled({ answerBy: _, ...appointment }: Appointment): Appointment {
  return appointment;
}

function happens(
  kind: "cancelled" | "changed" | "completed" | "confirmed" | "failed",
  appointment: Appointment,
): Decision {
  return { kind: "happens", event: { kind, appointment } };
}
