// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { overlaps, type TimeWindow } from "../time/time-window.ts";
import { type Appointment, takesTime } from "./appointment.ts";
import type { Calendar } from "./calendar.ts";
import type { TimeOff } from "./time-off.ts";

/** What becomes of a wish for time off. */
export type TimeOffDecision =
  | { readonly kind: "taken"; readonly timeOff: TimeOff; readonly conflicts: readonly Appointment[] }
  /** The same was said before. */
  | { readonly kind: "repeat"; readonly timeOff: TimeOff }
  /** Part of it is off already, or the same id stands for another time. */
  | { readonly kind: "overlaps"; readonly other: TimeOff };

/** Whether a provider can take that time off, and what stands in its way: that is no reason against it. */
export function decideTimeOff(calendar: Calendar, timeOff: TimeOff, now: number): TimeOffDecision {
  const same = calendar.timeOff.get(timeOff.timeOffId);
  if (same !== undefined) {
    const isSame = same.start === timeOff.start && same.end === timeOff.end;
    return isSame ? { kind: "repeat", timeOff: same } : { kind: "overlaps", other: same };
  }
  const other = [...calendar.timeOff.values()].find((each) => overlaps(each, timeOff));
  if (other !== undefined) return { kind: "overlaps", other };
  return { kind: "taken", timeOff, conflicts: conflictsWith(calendar, timeOff, now) };
}

/** Appointments that are in the way of a stretch of time, earliest first. */
function conflictsWith(calendar: Calendar, time: TimeWindow, now: number): readonly Appointment[] {
  return [...calendar.appointments.values()]
    .filter((appointment) => takesTime(appointment, now) && appointment.end > now && overlaps(appointment, time))
    .sort((one, other) => one.start - other.start);
}
