// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";
import type { Incoming } from "./incoming.ts";
import { type Step, untilEnd } from "./step.ts";

/**
 * Bounds how many handlers of one method run at once in this process. A call beyond the bound is refused at once and has not
 * run. Commands take their place before they come here, since they wait for it; the pull of events is bounded instead.
 */
export function concurrency(): Step<Incoming> {
  return async (incoming, next) => {
    const { kind, places, name } = incoming.operation;
    if (kind !== "call" || places === undefined) return next(incoming);
    const leave = places.tryTake();
    if (leave === undefined) {
      throw new MeshError({
        code: "OVERLOADED",
        message: `"${name}" already has ${places.most} handlers in progress, the most that its contract allows`,
      });
    }
    try {
      return untilEnd(await next(incoming), leave);
    } catch (error) {
      leave();
      throw error;
    }
  };
}
