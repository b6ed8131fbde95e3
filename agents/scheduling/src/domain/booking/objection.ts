// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { minuteMs, type TimeWindow } from "../time/time-window.ts";
import type { FailureReason } from "./appointment.ts";
import { collides, freeTimes } from "./availability.ts";
import { busyTimes, type Calendar, type Looking } from "./calendar.ts";
import { type Hold, isHeld } from "./hold.ts";
import { offeringOf, type Provider } from "./provider.ts";
import { endOf, type Slot } from "./slot.ts";

/** What is to be looked at. */
export interface Asked extends Looking {
  readonly slot: Slot;
  /** How many come. */
  readonly persons: number;
}

/**
 * Why a slot cannot be had; undefined when it can. The version of the offer makes no difference by itself: a calendar that
 * changed elsewhere still has the time free, and one that did not change may be asked for a time that was never offered; so
 * the time itself is checked.
 */
export function objectionTo(calendar: Calendar, provider: Provider, asked: Asked): FailureReason | undefined {
  const { slot, now } = asked;
  const time = { start: slot.start, end: endOf(slot) };
  if (time.start < now) return "SLOT_IN_PAST";
  const offering = offeringOf(provider, slot.serviceType);
  if (offering === undefined || (!isAgreed(calendar, time, asked) && !isOffered(provider, slot, now)))
    return "SLOT_NOT_OFFERED";
  if (asked.persons > (offering.maxParticipants ?? 1)) return "GROUP_TOO_LARGE";
  const { buffers } = offering;
  if (!busyTimes(calendar, asked).some((taken) => collides(time, buffers, taken))) return undefined;
  return whyTaken(calendar, time, asked);
}

/** Whether the slot lies in the provider's hours, and not too soon. */
function isOffered(provider: Provider, slot: Slot, now: number): boolean {
  const time = { start: slot.start, end: endOf(slot) };
  const soonest = now + (provider.bookingPolicy?.noticeMinutes ?? 0) * minuteMs;
  const search = { windows: [time], durationMinutes: slot.durationMinutes, now: soonest, most: 1 };
  return freeTimes(provider, [], search).length > 0;
}

/** Whether the provider agreed to that time for that user although it is outside their hours. */
function isAgreed({ holds }: Calendar, time: TimeWindow, { userId, now }: Looking): boolean {
  return [...holds.values()].some(
    (hold) => hold.agreed && hold.userId === userId && isHeld(hold, now) && isSame(hold, time),
  );
}

function whyTaken(calendar: Calendar, time: TimeWindow, looking: Looking): FailureReason {
  const without = (part: Partial<Calendar>) => {
    const rest = busyTimes({ ...calendar, ...part }, looking);
    return !rest.some((taken) => collides(time, undefined, taken));
  };
  if (without({ holds: new Map() })) return "SLOT_HELD";
  if (without({ timeOff: new Map(), elsewhere: new Map(), holds: new Map() })) return "PROVIDER_UNAVAILABLE";
  return "SLOT_TAKEN";
}

function isSame(hold: Hold, time: TimeWindow): boolean {
  return hold.start === time.start && hold.end === time.end;
}
