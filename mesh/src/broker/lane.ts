// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Priority } from "../header.ts";

/** Lanes in the order of service under load. */
export const lanes = ["critical", "high", "medium", "low"] as const;
export type Lane = (typeof lanes)[number];

/** The lane of a priority. */
export function laneOf(priority: Priority): Lane {
  return priority.toLowerCase() as Lowercase<Priority>;
}

/** The lane that a message of EVENTS or COMMANDS is in. */
export function laneIn(subject: string): Lane {
  const token = subject.split(".", 3)[2];
  return lanes.find((lane) => lane === token) ?? "medium";
}
