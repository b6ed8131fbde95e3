// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { EventContract } from "../contracts/policy.ts";
import type { Incoming, Operation } from "../pipeline/incoming.ts";
import type { Next } from "../pipeline/step.ts";
import type { HearingGuards } from "./hearing-guards.ts";
import type { Valve } from "./valve.ts";

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
  /** Breakers that its messages may have to wait for. */
  readonly guards?: HearingGuards | undefined;
  /** Handlers that run at once in this process; default 32. */
  readonly maxConcurrency?: number | undefined;
  /** Has the listener told whenever that changes. */
  readonly onResize?: ((listener: (maxConcurrency: number) => void) => void) | undefined;
  /** Shut: nothing is pulled for this hearer here. */
  readonly valve?: Valve | undefined;
}
