// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Context } from "./context.ts";

/** How an agent hears an event. */
export interface HearerOptions {
  /** Names the hearer within its agent. Renaming it makes a new hearer: the old one's place in the stream is left behind. */
  readonly name: string;
  /**
   * Where a new hearer begins: `now` (default) with what is published after the first start of the agent, `retained` with
   * the oldest event that is still stored. Without effect once the hearer exists.
   */
  readonly from?: "now" | "retained" | undefined;
}

/** A hearer with its handler; made by {@link on}. */
export interface Heard {
  readonly event: DescMessage;
  readonly name: string;
  readonly from: "now" | "retained";
  /** Whether all that it does is one commit. */
  readonly commits: boolean;
  readonly handle: (event: MessageShape<DescMessage>, ctx: Context) => Promise<void> | void;
}

/**
 * Hears an event: once per agent, by one of its instances, at least once. The handler may run again for the same event
 * (after a crash, or a failure that the contract retries); what it publishes keeps its ids then, so that it is stored once when
 * that is within two minutes. Later it is stored again, and only hearers that commit notice.
 */
export function on<D extends DescMessage>(
  event: D,
  hearer: HearerOptions,
  handle: (event: MessageShape<D>, ctx: Context) => Promise<void> | void,
): Heard {
  return {
    event,
    name: hearer.name,
    from: hearer.from ?? "now",
    commits: false,
    handle: handle as Heard["handle"],
  };
}
