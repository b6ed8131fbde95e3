// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Host } from "@parley/mesh";

/** Where a demo puts what a person or their agent says in it, as it happens. */
export interface DemoTerminal {
  /** `name`: of who speaks; default: as the calls of the turn say. */
  says(who: "user" | "agent", sentence: string, name?: string): void;
}

/** A project's demo: carries out a conversation, and may hand back what came of it, see {@link outcomeOf}. */
export type Demo = (mesh: Pick<Host, "client" | "publish">, terminal: DemoTerminal) => Promise<unknown>;
