// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { dayMs, type TimeWindow } from "../time/time-window.ts";
import type { Appointment } from "./appointment.ts";
import { personsOf } from "./appointment.ts";
import { freeTimes } from "./availability.ts";
import { busyTimes, type Calendar } from "./calendar.ts";
import { objectionTo } from "./objection.ts";
import { type Offer, offerMs } from "./offer.ts";
import { offeringOf } from "./provider.ts";
import { endOf, type Slot, slotId } from "./slot.ts";

const mostNear = 3;
const nearMs = 14 * dayMs;

/** Those of the proposed starts at which an appointment could be instead, in the order in which they are proposed. */
export function freeAmong(
  calendar: Calendar,
  appointment: Appointment,
  { starts, now }: { readonly starts: readonly number[]; readonly now: number },
): readonly Offer[] {
  const { provider } = calendar;
  if (provider === undefined) return [];
  return [...new Set(starts)].flatMap((start) => {
    const slot = slotAt(calendar, appointment, start);
    const asked = { slot, now, movedId: appointment.appointmentId, persons: personsOf(appointment).length };
    const isSame = start === appointment.start;
    return isSame || objectionTo(calendar, provider, asked) !== undefined ? [] : offerOf(slot, appointment, now);
  });
}

/** The free times of the same provider that are nearest to an appointment. */
export function freeNear(calendar: Calendar, appointment: Appointment, now: number): readonly Offer[] {
  const { provider } = calendar;
  const { start, end, serviceType, appointmentId } = appointment;
  if (provider === undefined) return [];
  const windows = [{ start: Math.max(now, start - nearMs), end: end + nearMs }];
  const { buffers } = offeringOf(provider, serviceType) ?? {};
  const search = { windows, durationMinutes: minutesOf(appointment), now, most: 5_000, buffers };
  return freeTimes(provider, busyTimes(calendar, { now, movedId: appointmentId }), search)
    .filter((time) => time.start !== start)
    .sort((one, other) => Math.abs(one.start - start) - Math.abs(other.start - start))
    .slice(0, mostNear)
    .map((time) => offerOf(slotAt(calendar, appointment, time.start), appointment, now));
}

function slotAt({ version }: Calendar, appointment: Appointment, start: number): Slot {
  const { providerId, serviceType } = appointment;
  return { providerId, serviceType, start, durationMinutes: minutesOf(appointment), version };
}

function minutesOf({ start, end }: TimeWindow): number {
  return (end - start) / 60_000;
}

function offerOf(slot: Slot, { providerName }: Appointment, now: number): Offer {
  const { providerId, serviceType, start, version } = slot;
  return {
    slotId: slotId(slot),
    ...{ providerId, providerName, serviceType, start, version },
    end: endOf(slot),
    matchScore: 1,
    reasoning: ["Proposed by the provider"],
    expiresAt: now + dayMs > start ? Math.max(now + offerMs, start) : now + dayMs,
  };
}
