// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { EventContract } from "../contracts/policy.ts";
import type { Incoming, Operation } from "../pipeline/incoming.ts";
import type { Next } from "../pipeline/step.ts";

/** One hearer of one agent: what the delivery machine pulls for, and the pipeline that its messages enter. */
export interface Hearing {
  readonly contract: EventContract;
  readonly operation: Operation;
  readonly from: "now" | "retained";
  readonly handle: Next<Incoming>;
}
