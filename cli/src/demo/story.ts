// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** What a story comes to. */
export interface StoryEnd {
  /** Rows of its table, the first one the head. */
  readonly table: readonly (readonly string[])[];
  /** What to know about the table. */
  readonly notes: readonly string[];
  /** Whether everything came as it must. */
  readonly isWell: boolean;
}

/** A demo that brings its own mesh: it tells a line for each thing that happens, as it happens. */
export type Story = (tell: (line: string) => void) => Promise<StoryEnd>;
