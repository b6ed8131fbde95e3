// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Clock } from "../clock.ts";
import type { MethodContract } from "../contracts/policy.ts";
import { MeshError } from "../mesh-error.ts";
import type { BreakerState } from "../resilience/breaker.ts";
import { type Admission, Guard } from "../resilience/guard.ts";
import type { Channel } from "./channel.ts";

/** A breaker for each method of each instance, as the contract plans it. They end with their channel. */
export class Breakers {
  readonly #clock: Clock;
  readonly #onChange: (method: string, state: BreakerState) => void;
  readonly #guards = new WeakMap<Channel, Map<string, Guard>>();

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
  admit({ name, breaker: plan }: MethodContract, channel: Channel): Admission | undefined {
    if (plan === undefined) return undefined;
    const ofChannel = this.#guards.get(channel) ?? new Map<string, Guard>();
    this.#guards.set(channel, ofChannel);
    const onChange = (state: BreakerState) => this.#onChange(name, state);
    const known = ofChannel.get(name);
    // Under another plan than before, as an overlay's, it begins anew.
    const guard = known?.plan === plan ? known : new Guard({ name, plan, clock: this.#clock, onChange });
    ofChannel.set(name, guard);
    const admission = guard.admit();
    if (admission !== undefined) return admission;
    throw new MeshError({
      code: "BREAKER_OPEN",
      message: `too many calls of "${name}" failed at ${channel.instance}; its breaker is ${guard.state}`,
      retryAfterMs: guard.retryAfterMs,
    });
  }
}
