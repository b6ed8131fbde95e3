// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";
import { recordCommit } from "../telemetry/metrics.ts";

/** What one commit cost beyond one append. */
export class CommitTally {
  readonly #agent: string;
  /** Rounds that others won. */
  conflicts = 0;
  marks = 0;

  constructor(agent: string) {
    this.#agent = agent;
  }

  /** Runs the commit, and records it when it is over. */
  async measure<T>(commit: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const record = (error?: MeshError) => {
      const { conflicts, marks } = this;
      recordCommit({ agent: this.#agent, tookMs: performance.now() - started, conflicts, marks, error });
    };
    try {
      const reply = await commit();
      record();
      return reply;
    } catch (error) {
      record(MeshError.from(error));
      throw error;
    }
  }
}
