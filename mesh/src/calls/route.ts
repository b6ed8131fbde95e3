// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MethodContract } from "../contracts/policy.ts";
import { MeshError } from "../mesh-error.ts";
import type { Outgoing } from "../pipeline/outgoing.ts";
import type { Next } from "../pipeline/step.ts";
import type { Admission } from "../resilience/guard.ts";
import type { Breakers } from "./breakers.ts";
import type { Channel } from "./channel.ts";

/** Gives the channels to all instances that serve a method now, best first. */
export type Route = (contract: MethodContract) => readonly Channel[];

/**
 * The end of the client pipeline: sends the attempt to the first instance; while an instance has surely not begun, because
 * it could not be reached, is draining or its breaker is open, the next one is tried at once. That is no retry: no handler
 * has seen the call.
 */
export function toChannel(route: Route, breakers: Breakers): Next<Outgoing> {
  return async (outgoing) => {
    const channels = route(outgoing.contract);
    let last = nobody(outgoing.contract);
    for (const channel of channels) {
      let admission: Admission | undefined;
      try {
        admission = breakers.admit(outgoing.contract, channel);
        outgoing.peer = channel.address;
        const reply = await channel.call(outgoing);
        // A stream counts as answered when it has begun: a watch that lasts for hours must not hold a probe's place.
        admission?.succeeded();
        return reply;
      } catch (thrown) {
        const error = MeshError.from(thrown);
        admission?.failed(error);
        if (error.mayHaveRun || !movesOn.has(error.code)) throw error;
        last = error;
      }
    }
    throw last;
  };
}

/** Refusals that another instance need not share. */
const movesOn: ReadonlySet<string> = new Set(["CONNECTION_LOST", "DRAINING", "BREAKER_OPEN"]);

function nobody({ name, agent }: MethodContract): MeshError {
  return new MeshError({
    code: "UNAVAILABLE",
    message: `nobody serves "${name}" now; start an instance of agent "${agent}"`,
  });
}
