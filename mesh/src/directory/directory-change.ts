// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { AgentInstance, AgentProfile } from "@parley/contracts/parley/mesh/v1/directory_pb.js";

/** What happened to an instance, as the directory of one process noticed it. */
export type DirectoryChange = {
  /** With its health; of one that is gone, as it was. */
  readonly instance: AgentInstance;
} & (
  | {
      readonly kind: "joined" | "changed";
      /** What it was before; unset when it is new. Its status may be the same: then its health changed. */
      readonly before: AgentProfile | undefined;
    }
  | {
      readonly kind: "left" | "lost";
      /** Real milliseconds since its last sign of life; far beyond the TTL when this very process was frozen. */
      readonly silentMs: number;
    }
);
