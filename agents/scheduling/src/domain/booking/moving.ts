// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Appointment, type FailureReason, personsOf } from "./appointment.ts";
import { appointmentId } from "./booking.ts";
import type { Calendar } from "./calendar.ts";
import { objectionTo } from "./objection.ts";
import { endOf, type Slot, slotId } from "./slot.ts";

/** A wish to have an appointment at another time, perhaps with another provider. */
export interface MoveRequest {
  readonly userId: string;
  readonly appointmentId: string;
  readonly slot: Slot;
}

/** What becomes of it. */
export type MoveDecision =
  | {
      readonly kind: "moves";
      /** As it will be, in the calendar of the slot's provider. */
      readonly appointment: Appointment;
      /** As it was. */
      readonly original: Appointment;
      /** What stays in the calendar that it leaves; unset: it stays with its provider. */
      readonly left?: Appointment | undefined;
    }
  | { readonly kind: "repeat"; readonly appointment: Appointment }
  | { readonly kind: "refused"; readonly reason: FailureReason };

/**
 * Whether an appointment can be moved to a slot. Both calendars decide together, so that the old time is free and the new one
 * taken at once, or nothing has changed. With the same provider it keeps its id. A provider who is asked before bookings is
 * not asked again: they may cancel, or propose another time.
 */
export function decideMove(
  calendars: { from: Calendar; to: Calendar },
  request: MoveRequest,
  now: number,
): MoveDecision {
  const { from, to } = calendars;
  const { userId, slot } = request;
  const original = from.appointments.get(request.appointmentId);
  if (original?.userId !== userId) return { kind: "refused", reason: "APPOINTMENT_UNKNOWN" };
  const moved = original.movedToId === undefined ? original : to.appointments.get(original.movedToId);
  if (moved?.status === "CONFIRMED" && isAt(moved, slot)) return { kind: "repeat", appointment: moved };
  if (original.status !== "CONFIRMED") return { kind: "refused", reason: "APPOINTMENT_NOT_BOOKED" };
  if (original.start <= now) return { kind: "refused", reason: "APPOINTMENT_IN_PAST" };
  if (to.provider === undefined) return { kind: "refused", reason: "PROVIDER_UNKNOWN" };
  const asked = { slot, userId, now, movedId: original.appointmentId, persons: personsOf(original).length };
  const reason =
    slot.serviceType === original.serviceType ? objectionTo(to, to.provider, asked) : ("SLOT_NOT_OFFERED" as const);
  if (reason !== undefined) return { kind: "refused", reason };
  const { providerId, name: providerName } = to.provider;
  const at = { ...original, slotId: slotId(slot), start: slot.start, end: endOf(slot), updatedAt: now };
  if (providerId === original.providerId) return { kind: "moves", appointment: { ...at, providerName }, original };
  const movedToId = appointmentId(providerId, userId, JSON.stringify([original.appointmentId, now]));
  return {
    kind: "moves",
    original,
    appointment: { ...at, appointmentId: movedToId, providerId, providerName, movedFromId: original.appointmentId },
    left: { ...original, status: "CANCELLED_BY_USER", movedToId, updatedAt: now },
  };
}

function isAt(appointment: Appointment, slot: Slot): boolean {
  return (
    appointment.providerId === slot.providerId && appointment.start === slot.start && appointment.end === endOf(slot)
  );
}
