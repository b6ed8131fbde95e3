// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";

/** A line of the ledger: what a client wants, what it was told, and what happened outside of the mesh. */
export type LedgerLine =
  | { readonly kind: "intent"; readonly reference: string }
  | { readonly kind: "answer"; readonly reference: string; readonly answer: Readonly<Record<string, unknown>> }
  | { readonly kind: "mail"; readonly note: string; readonly id: string };

/**
 * Writes a line and has it on the disk when it returns. Several processes write to one ledger: each line is one append.
 */
export function enter(path: string, line: LedgerLine): void {
  const file = openSync(path, "a");
  try {
    writeSync(file, `${JSON.stringify(line)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Begins an empty ledger. */
export function openLedger(path: string): void {
  appendFileSync(path, "");
}

/** All lines so far. */
export function readLedger(path: string): readonly LedgerLine[] {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LedgerLine);
}
