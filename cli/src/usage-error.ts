// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Something that the person at the terminal can put right: shown as a sentence and what to do, never with a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** Lines below the message: what was looked at, what to type. */
  readonly hints: readonly string[];

  constructor(message: string, ...hints: readonly string[]) {
    super(message);
    this.hints = hints;
  }
}
