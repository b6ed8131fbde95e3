// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "./connection.ts";
import { PullLoop } from "./pull-loop.ts";
import type { PullOptions } from "./pull-options.ts";

export { ackWaitMs, type Durable, ensureDurable } from "./durable.ts";
export type { PullOptions } from "./pull-options.ts";

/** A pull in progress. */
export interface Pull {
  /** Takes no more messages; what the broker has sent meanwhile goes back to it. What was handed over is not waited for. */
  stop(): Promise<void>;
  /** Takes no more messages until {@link resume}; what the broker has sent meanwhile is handed over. */
  pause(): Promise<void>;
  resume(): void;
  /** Asks for more if there is room; to be called when the room that others leave has grown. */
  ask(): void;
  /** Requests of this process that are open at the broker. */
  readonly requests: number;
}

/**
 * Pulls from a durable until stopped, in requests as small as there is room. A restart of the broker, a new leader, a lost
 * request and a deleted consumer are got over: the consumer is made again where this process was, and requests are repeated.
 */
export function pull(broker: Broker, options: PullOptions): Pull {
  const loop = new PullLoop(broker, options);
  loop.start();
  return {
    stop: () => loop.stop(),
    pause: () => loop.pause(),
    resume: () => loop.resume(),
    ask: () => loop.ask(),
    get requests() {
      return loop.requests;
    },
  };
}
