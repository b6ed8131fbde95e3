// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";
import type { Incoming, Operation } from "./incoming.ts";
import { type Step, untilEnd } from "./step.ts";

/**
 * Bounds how many handlers of one operation run at once in this process. A call beyond the bound is refused at once and
 * has not run; durable messages do not come here, since their pull is bounded instead.
 */
export function concurrency(): Step<Incoming> {
  const running = new Map<Operation, number>();
  return async (incoming, next) => {
    const { operation } = incoming;
    const count = running.get(operation) ?? 0;
    if (count >= operation.maxConcurrency) {
      throw new MeshError({
        code: "OVERLOADED",
        message: `"${operation.name}" already has ${count} calls in progress, the most that its contract allows`,
      });
    }
    running.set(operation, count + 1);
    const leave = () => running.set(operation, (running.get(operation) ?? 1) - 1);
    try {
      return untilEnd(await next(incoming), leave);
    } catch (error) {
      leave();
      throw error;
    }
  };
}
