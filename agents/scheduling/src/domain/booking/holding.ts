// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { FailureReason } from "./appointment.ts";
import type { Calendar } from "./calendar.ts";
import { type Hold, holdMs, holdOf, isHeld } from "./hold.ts";
import { objectionTo } from "./objection.ts";
import type { Slot } from "./slot.ts";

/** What a calendar decides of a hold. */
export type HoldDecision =
  | { readonly kind: "held"; readonly hold: Hold; readonly isNew: boolean }
  | { readonly kind: "refused"; readonly reason: FailureReason };

/**
 * Whether a slot can be kept for a user for a short time. Asking again for what is still kept changes nothing: a hold is not
 * made longer by asking.
 */
export function decideHold(calendar: Calendar, wanted: { userId: string; slot: Slot }, now: number): HoldDecision {
  const { provider } = calendar;
  if (provider === undefined) return { kind: "refused", reason: "PROVIDER_UNKNOWN" };
  const hold = holdOf(wanted.slot, wanted.userId, { until: Math.min(now + holdMs, wanted.slot.start), agreed: false });
  const earlier = calendar.holds.get(hold.holdId);
  if (earlier !== undefined && isHeld(earlier, now)) return { kind: "held", hold: earlier, isNew: false };
  const reason = objectionTo(calendar, provider, { ...wanted, now, persons: 1 });
  return reason === undefined ? { kind: "held", hold, isNew: true } : { kind: "refused", reason };
}

/** The hold that a command for its end means, if its time is over; one that was made anew meanwhile goes on. */
export function lapsedHold(calendar: Calendar, holdId: string, now: number): Hold | undefined {
  const hold = calendar.holds.get(holdId);
  return hold === undefined || isHeld(hold, now) ? undefined : hold;
}
