// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { TimeWindow } from "../time/time-window.ts";
import type { Appointment } from "./appointment.ts";
import type { Offer } from "./offer.ts";

/** A stretch of time in which a provider takes no appointments. */
export interface TimeOff extends TimeWindow {
  readonly timeOffId: string;
  readonly providerId: string;
  /** In the provider's words; may be empty. */
  readonly reason: string;
  readonly createdAt: number;
  /** What was found and done; unset until it is done. */
  readonly acknowledgement?: Acknowledgement | undefined;
}

/** What was done with an appointment that a change made impossible. */
export type ConflictAction = "OPTIONS_SENT" | "NO_OPTIONS" | "NONE";

/** An appointment that a change made impossible. */
export interface Conflict {
  /** As it was. */
  readonly appointment: Appointment;
  readonly action: ConflictAction;
  /** What its user was offered instead, best first. */
  readonly options: readonly Offer[];
}

/** What came of a change of a provider's schedule. */
export interface Acknowledgement {
  /** Earliest first. */
  readonly conflicts: readonly Conflict[];
  /** The same for people. */
  readonly summary: string;
}

/** What was found, and what was done with each, with words for people. */
export function acknowledgementOf(found: readonly Conflict[], actions: readonly ConflictAction[]): Acknowledgement {
  const conflicts = found.map((conflict, index): Conflict => {
    const action = actions[index] ?? "NONE";
    return { ...conflict, action, options: action === "OPTIONS_SENT" ? conflict.options : [] };
  });
  return { conflicts, summary: summaryOf(conflicts) };
}

function summaryOf(conflicts: readonly Conflict[]): string {
  if (conflicts.length === 0) return "Time off noted. No appointment is in its way.";
  const of = (action: ConflictAction) => conflicts.filter((conflict) => conflict.action === action).length;
  const done = [
    [of("OPTIONS_SENT"), "cancelled, the user offered other times"],
    [of("NO_OPTIONS"), "cancelled, the user told; no other time was found"],
    [of("NONE"), "given up meanwhile, nothing to do"],
  ] as const;
  const told = done.flatMap(([count, what]) => (count === 0 ? [] : `${count} ${what}`));
  const found = conflicts.length === 1 ? "1 appointment was" : `${conflicts.length} appointments were`;
  return `Time off noted. ${found} in its way: ${told.join("; ")}.`;
}
