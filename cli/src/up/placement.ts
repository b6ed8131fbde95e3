// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Host, Observer } from "@parley/mesh";

/** The project's agents, running. Disposing of it drains them. */
export interface Placement extends AsyncDisposable {
  /** The host in this process: speaks with all agents, wherever they run. */
  readonly host: Host;
  /** Resolves when all that was said and heard so far has been told to the observer. */
  told(): Promise<void>;
}

/** What agents are placed with. */
export interface PlacementInit {
  /** Paths of the agents' modules. */
  readonly modules: readonly string[];
  readonly broker: string;
  /** Is told of what all agents say and hear; unset: nobody. */
  readonly observer: Observer | undefined;
  /** Takes a line for the person at the terminal. */
  readonly report: (line: string) => void;
}
