// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Outgoing } from "../pipeline/outgoing.ts";
import type { Reply } from "../pipeline/step.ts";

/** The last hop of a call: carries one attempt to one instance. Nothing above knows which kind it is. */
export interface Channel {
  /** Instance it leads to, for balancing and traces. */
  readonly instance: string;
  /** Host and port for traces; unset in this process. */
  readonly address: string | undefined;
  /**
   * Delivers one attempt. Rejects with a MeshError whose `mayHaveRun` is false only when the handler has surely not begun.
   */
  call(outgoing: Outgoing): Promise<Reply>;
}
