// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** How bad it is: an error loses, doubles or stops something; a warning will; a notice is for information. */
export type Severity = "error" | "warning" | "notice";

/** What an examination found at one place. */
export interface Finding {
  readonly severity: Severity;
  /** What kind of finding; never renamed, so that programs can go by it. */
  readonly code: FindingCode;
  /** The stream, consumer, agent or setting. */
  readonly where: string;
  /** What is the matter, in one sentence. */
  readonly what: string;
  /** What to do next. */
  readonly next: string;
}

/** Every kind of finding; docs/operations.md says what each means. */
export const findingCodes = [
  "broker-old",
  "durability-unseen",
  "durability-weak",
  "stream-missing",
  "stream-setting",
  "stream-replicas",
  "stream-full",
  "source-missing",
  "source-lagging",
  "journal-rolled-back",
  "journal-hole",
  "event-not-sourced",
  "event-doubled",
  "maintenance",
  "hearer-leftover",
  "hearer-behind",
  "dead-letters",
  "endpoint-silent",
  "not-examined",
] as const;
export type FindingCode = (typeof findingCodes)[number];

const order: readonly Severity[] = ["error", "warning", "notice"];

/** Worst first; those of one kind stay together. */
export function sorted(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort(
    (left, right) =>
      order.indexOf(left.severity) - order.indexOf(right.severity) ||
      findingCodes.indexOf(left.code) - findingCodes.indexOf(right.code) ||
      left.where.localeCompare(right.where),
  );
}
