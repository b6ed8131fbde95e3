// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Header of a command that is due later than it was sent: when, as RFC 3339. */
export const dueHeader = "parley-due";

/** When a message is due, in milliseconds since the epoch; undefined when it is due at once, or says what is no time. */
export function dueOf(headers: ReadonlyMap<string, string>): number | undefined {
  const due = Date.parse(headers.get(dueHeader) ?? "");
  return Number.isNaN(due) ? undefined : due;
}
