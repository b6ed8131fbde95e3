// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Header of a command that is due later than it was sent: when, as RFC 3339. */
export const dueHeader = "parley-due";

/** The last millisecond of the year 9999. Later times cannot be written as RFC 3339, nor be held in a Timestamp. */
export const latestTime = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** When a message is due, in milliseconds since the epoch; undefined when it is due at once, or says what is no time. */
export function dueOf(headers: ReadonlyMap<string, string>): number | undefined {
  const text = headers.get(dueHeader) ?? "";
  // Date.parse alone also takes "1", "May" and years that no schedule can have.
  const due = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(due) ? undefined : due;
}
