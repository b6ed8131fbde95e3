// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Clock } from "../clock.ts";
import type { MethodContract } from "../contracts/policy.ts";
import { MeshError } from "../mesh-error.ts";
import { Breaker, type BreakerState } from "../resilience/breaker.ts";
import type { Channel } from "./channel.ts";

/** A breaker for each method of each instance, as the contract plans it. They end with their channel. */
export class Breakers {
  readonly #clock: Clock;
  readonly #onChange: (method: string, state: BreakerState) => void;
  readonly #breakers = new WeakMap<Channel, Map<string, Breaker>>();

  constructor(clock: Clock, onChange: (method: string, state: BreakerState) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /**
   * Asks whether a call may go to a channel. Undefined when the contract plans no breaker; else what to tell when the call
   * is over.
   *
   * @throws MeshError BREAKER_OPEN, with the time after which a repeat makes sense
   */
  admit({ name, breaker: plan }: MethodContract, channel: Channel): ((error?: unknown) => void) | undefined {
    if (plan === undefined) return undefined;
    const ofChannel = this.#breakers.get(channel) ?? new Map<string, Breaker>();
    this.#breakers.set(channel, ofChannel);
    const breaker = ofChannel.get(name) ?? new Breaker(plan, (state) => this.#onChange(name, state));
    ofChannel.set(name, breaker);
    const now = this.#clock.now();
    if (!breaker.admit(now)) {
      throw new MeshError({
        code: "BREAKER_OPEN",
        message: `too many calls of "${name}" failed at ${channel.instance}; its breaker is ${breaker.state}`,
        retryAfterMs: breaker.retryAfterMs(now),
      });
    }
    const { era } = breaker;
    return (error) => {
      if (breaker.era !== era) return;
      if (error === undefined) breaker.succeeded(this.#clock.now());
      else if (tellsOfHealth(MeshError.from(error))) breaker.failed(this.#clock.now());
      else breaker.released();
    };
  }
}

/** Whether an error says something about the instance, rather than about the request or its caller. */
function tellsOfHealth({ code, errorClass }: MeshError): boolean {
  return code !== "CANCELED" && unwell.has(errorClass);
}

const unwell: ReadonlySet<string> = new Set(["TRANSIENT", "UNAVAILABLE", "TIMEOUT", "INTERNAL"]);
