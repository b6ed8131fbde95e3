// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** One thing that the client of the scenario does, known by its reference. */
export type Step =
  | {
      readonly kind: "deposit";
      readonly reference: string;
      readonly account: string;
      readonly amount: number;
      /** Waits until EVENTS has confirmed all that came before, so that the compaction that follows may remove it. */
      readonly late?: true;
    }
  | {
      readonly kind: "transfer";
      readonly reference: string;
      readonly from: string;
      readonly to: string;
      readonly amount: number;
    }
  /** Published from outside of a handler. */
  | { readonly kind: "note"; readonly reference: string };

/**
 * The scenario: single commits and atomic ones over two keys, one that refuses and stores only that it did, notes that are
 * mailed and one that cannot be, snapshots and compaction on the way.
 */
export const steps: readonly Step[] = [
  { kind: "deposit", reference: "deposit-1", account: "ann", amount: 10 },
  { kind: "note", reference: "note-1" },
  { kind: "transfer", reference: "transfer-1", from: "ann", to: "bob", amount: 4 },
  { kind: "note", reference: "poison-1" },
  { kind: "deposit", reference: "deposit-2", account: "ann", amount: 1 },
  { kind: "transfer", reference: "transfer-2", from: "bob", to: "ann", amount: 100 },
  { kind: "deposit", reference: "deposit-3", account: "ann", amount: 2, late: true },
];
