// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Channel } from "../channel.ts";
import type { ChannelLoad } from "./channel-load.ts";

/** An instance that a call may go to. */
export interface Candidate {
  /** Instance id. */
  readonly id: string;
  /** At least 1. */
  readonly weight: number;
  readonly load: ChannelLoad;
  readonly channel: Channel;
}

/**
 * Puts instances into the order in which a call tries them: all of them, the chosen one first. There is one for each service
 * that a process calls, since it may remember whose turn it was.
 */
export type Balancer = (candidates: readonly Candidate[]) => readonly Candidate[];

/** What strategies need beside the instances. */
export interface BalancerInit {
  /** 0 to 1. */
  readonly random: () => number;
  /** Real milliseconds, as the loads were measured by. */
  readonly now: () => number;
}
