// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import type { TimeWindow } from "../time/time-window.ts";
import { endOf, type Slot, slotId } from "./slot.ts";

/** A time that is kept for a user who is about to book it. */
export interface Hold extends TimeWindow {
  readonly holdId: string;
  readonly userId: string;
  readonly providerId: string;
  readonly slotId: string;
  /** Until when, milliseconds since the epoch. */
  readonly until: number;
  /** Whether the provider agreed to a time outside their hours. */
  readonly agreed: boolean;
}

/** How long a chosen slot is kept for whoever chose it. */
export const holdMs = 120_000;

/** The hold of a slot for a user; the same again for the same user and time. */
export function holdOf(slot: Slot, userId: string, more: { until: number; agreed: boolean }): Hold {
  const { providerId, start } = slot;
  const end = endOf(slot);
  const parts = JSON.stringify([providerId, userId, start, end]);
  const holdId = `hold-${createHash("sha256").update(parts).digest("base64url").slice(0, 16)}`;
  return { holdId, userId, providerId, slotId: slotId(slot), start, end, ...more };
}

/** Whether the time is still kept. A hold is over when its time is, even before its end is written down. */
export function isHeld({ until }: Hold, now: number): boolean {
  return until > now;
}
