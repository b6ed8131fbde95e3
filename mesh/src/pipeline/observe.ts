// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import { MeshError } from "../mesh-error.ts";
import { traceIdOf } from "../telemetry/propagation.ts";
import type { Incoming } from "./incoming.ts";
import type { Observer } from "./observation.ts";
import type { Outgoing } from "./outgoing.ts";
import { type Step, untilEnd } from "./step.ts";

/** Tells the observer of each call when its reply is over. */
export function observeCalls(observer: Observer): Step<Outgoing> {
  return async (outgoing, next) => {
    const started = performance.now();
    const at = Date.now();
    const tell = (error?: unknown) =>
      observer({
        kind: "called",
        header: outgoing.header,
        traceId: traceIdOf(outgoing.trace),
        at,
        tookMs: performance.now() - started,
        error: error === undefined ? undefined : MeshError.from(error).code,
        remote: outgoing.peer !== undefined,
      });
    try {
      return untilEnd(await next(outgoing), tell);
    } catch (error) {
      tell(error);
      throw error;
    }
  };
}

/** Tells the observer of each try of a hearer, and of each run of a command. */
export function observeHearing(observer: Observer): Step<Incoming> {
  return async (incoming, next) => {
    const { header, operation, trace } = incoming;
    if (operation.kind === "call") return next(incoming);
    const started = performance.now();
    const at = Date.now();
    const tell = (error?: unknown) =>
      observer({
        kind: operation.kind === "event" ? "heard" : "ran",
        header,
        agent: operation.agent,
        hearer: operation.handler,
        traceId: traceIdOf(trace),
        at,
        tookMs: performance.now() - started,
        error: error === undefined ? undefined : MeshError.from(error).code,
      });
    try {
      const reply = await next(incoming);
      tell();
      return reply;
    } catch (error) {
      tell(error);
      throw error;
    }
  };
}
