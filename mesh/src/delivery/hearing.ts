// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { PulledMessage } from "../broker/pulled-message.ts";
import type { EventContract } from "../contracts/policy.ts";
import type { MeshError } from "../mesh-error.ts";
import type { Incoming, Operation } from "../pipeline/incoming.ts";
import type { Next } from "../pipeline/step.ts";
import type { HearingGuards } from "./hearing-guards.ts";
import type { Valve } from "./valve.ts";

/** A message that was given up, as its hearing is told of it. */
export interface Buried {
  readonly pulled: PulledMessage;
  /** Id of its dead letter. */
  readonly letter: string;
  readonly error: MeshError;
}

/**
 * One hearer of one agent, or one method that it runs commands of: what the delivery machine pulls for, and the pipeline that
 * its messages enter.
 */
export interface Hearing {
  /** What the delivery machine itself keeps of the contract. */
  readonly contract: Pick<EventContract, "delivery" | "retries" | "priority"> & Partial<Pick<EventContract, "ordered">>;
  readonly operation: Operation;
  readonly from: "now" | "retained";
  readonly handle: Next<Incoming>;
  /** Called when a message of it has become a dead letter; what it throws has that message stay, and both are done again. */
  readonly onBuried?: ((buried: Buried) => Promise<void>) | undefined;
  /** Breakers that its messages may have to wait for. */
  readonly guards?: HearingGuards | undefined;
  /** Handlers that run at once in this process; default 32. */
  readonly maxConcurrency?: number | undefined;
  /** Has the listener told whenever that changes. */
  readonly onResize?: ((listener: (maxConcurrency: number) => void) => void) | undefined;
  /** Shut: nothing is pulled for this hearer here. */
  readonly valve?: Valve | undefined;
}
