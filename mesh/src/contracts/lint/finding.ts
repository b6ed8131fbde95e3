// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Something to correct in a contract. */
export interface Finding {
  /** Path of the file as imports write it, e.g. `shop/v1/shop.proto`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Name of the rule, e.g. `event-key`. */
  readonly rule: string;
  /** What is wrong, then what to write. */
  readonly message: string;
}

/** The finding as one line that editors and terminals make clickable. */
export function findingText({ file, line, column, rule, message }: Finding): string {
  return `${file}:${line}:${column}: ${rule}: ${message}`;
}

/** Order of a report: by file, then down the file. */
export function byPlace(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
