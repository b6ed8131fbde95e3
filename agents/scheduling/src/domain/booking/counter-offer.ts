// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { minuteMs, type TimeWindow } from "../time/time-window.ts";
import { collides, openTimes } from "./availability.ts";
import { busyTimes, type Calendar } from "./calendar.ts";
import { type Hold, holdMs, holdOf } from "./hold.ts";
import { offeringOf } from "./provider.ts";
import { endOf, type Slot } from "./slot.ts";

/** What a provider's policy says to a time that a user proposes. */
export type CounterOfferDecision =
  /** It is an ordinary free time. */
  | { readonly kind: "free" }
  /** It is outside their hours, and they agree: it is held for the user. */
  | { readonly kind: "agreed"; readonly hold: Hold }
  | { readonly kind: "declined" };

/**
 * What a provider says to a time that a user proposes. Within their hours it only has to be free. Around them it depends on
 * how far they reach out; somebody who is asked before each booking has the last word anyway, so is asked there too.
 */
export function decideCounterOffer(
  calendar: Calendar,
  offer: { userId: string; slot: Slot },
  now: number,
): CounterOfferDecision {
  const { provider } = calendar;
  const { slot, userId } = offer;
  const time = { start: slot.start, end: endOf(slot) };
  const offering = provider && offeringOf(provider, slot.serviceType);
  if (provider === undefined || offering === undefined || time.start <= now) return { kind: "declined" };
  const { buffers } = offering;
  if (busyTimes(calendar, { now, userId }).some((taken) => collides(time, buffers, taken))) return { kind: "declined" };
  if (isWithin(time, openTimes(provider, time))) return { kind: "free" };
  const reach = (provider.bookingPolicy?.flexibleMinutes ?? 0) * minuteMs;
  const near = { start: time.start - reach, end: time.end + reach };
  const extended = openTimes(provider, near).map(({ start, end }) => ({ start: start - reach, end: end + reach }));
  if (reach === 0 || !isWithin(time, extended)) return { kind: "declined" };
  return { kind: "agreed", hold: holdOf(slot, userId, { until: Math.min(now + holdMs, slot.start), agreed: true }) };
}

function isWithin(time: TimeWindow, windows: readonly TimeWindow[]): boolean {
  return windows.some(({ start, end }) => start <= time.start && time.end <= end);
}
