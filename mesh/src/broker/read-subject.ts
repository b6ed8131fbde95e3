// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { packageOfToken } from "./proto-token.ts";

/** The proto package of the journal that a subject belongs to. */
export function domainOfJournal(subject: string): string {
  return packageOfToken(subject.split(".")[2] ?? "");
}

/** The key of a message of EVENTS or COMMANDS, as the token that its subject holds. */
export function keyTokenIn(subject: string): string {
  return subject.slice(subject.lastIndexOf(".") + 1);
}

/**
 * Whether a message of EVENTS is meant for one hearer alone: a repetition of what others have heard, so readers of all events
 * pass it over. No proto name holds a `~`.
 */
export function isForOneHearer(subject: string): boolean {
  const [, kind, , token = ""] = subject.split(".");
  return kind === "evt" && token.includes("~");
}

/** The event types that filters on EVENTS cover, by full name; what is meant for one hearer alone has no type in its subject. */
export function heardTypes(filters: readonly string[]): readonly string[] {
  const tokens = filters.map((filter) => filter.split(".")[3] ?? "");
  return [...new Set(tokens.filter((token) => !token.includes("~")).map(packageOfToken))];
}
