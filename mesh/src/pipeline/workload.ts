// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import { MeshError } from "../mesh-error.ts";
import { tellsOfHealth } from "../resilience/health.ts";
import type { Incoming } from "./incoming.ts";
import { type Step, untilEnd } from "./step.ts";

/** The averages are over about this many of the newest handlers. */
const span = 200;

/** A handler in progress. */
export interface Work {
  /** Method, event type or command. */
  readonly operation: string;
  readonly messageId: string;
  /** Real milliseconds since the epoch. */
  readonly startedAt: number;
}

/** What the handlers of one agent of this process have in hand, and how they have done. */
export class Workload {
  readonly #inHand = new Set<Work>();
  #completed = 0;
  #failed = 0;
  #refused = 0;
  #averageMs = 0;
  #errorRate = 0;

  /** In the order in which they began. */
  get inHand(): ReadonlySet<Work> {
    return this.#inHand;
  }

  /** Handlers that ended, failed and refused ones included. */
  get completed(): number {
    return this.#completed;
  }

  /** Those of them after which the agent, or something behind it, may not be well. */
  get failed(): number {
    return this.#failed;
  }

  /** Those of them that refused what they were asked: the fault of whoever asked. */
  get refused(): number {
    return this.#refused;
  }

  /** Moving average of what a handler took, a stream until its last message; 0 before the first. */
  get averageMs(): number {
    return this.#averageMs;
  }

  /** Share of failures lately, 0 to 1; what was refused is none. */
  get errorRate(): number {
    return this.#errorRate;
  }

  /** Takes a handler into account; the returned function is called when it has ended. */
  begin(operation: string, messageId: string): (error?: unknown) => void {
    const work: Work = { operation, messageId, startedAt: Date.now() };
    const started = performance.now();
    this.#inHand.add(work);
    return (error) => {
      this.#inHand.delete(work);
      this.#completed++;
      const failed = error !== undefined && tellsOfHealth(MeshError.from(error)) ? 1 : 0;
      this.#failed += failed;
      if (error !== undefined) this.#refused += 1 - failed;
      // The plain mean until there are enough of them.
      const weight = Math.max(1 / this.#completed, 1 / span);
      this.#averageMs += (performance.now() - started - this.#averageMs) * weight;
      this.#errorRate += (failed - this.#errorRate) * weight;
    };
  }
}

/** The workloads of a process, by agent. */
export class Workloads {
  readonly #workloads = new Map<string, Workload>();

  /** The workload of an agent; empty when none of its handlers has run yet. */
  of(agent: string): Workload {
    let workload = this.#workloads.get(agent);
    if (workload === undefined) {
      workload = new Workload();
      this.#workloads.set(agent, workload);
    }
    return workload;
  }
}

/** Counts every handler that runs, whichever door its message came by. */
export function metered(workloads: Workloads): Step<Incoming> {
  return async (incoming, next) => {
    const { operation, header } = incoming;
    const end = workloads.of(operation.agent).begin(operation.name, header.messageId);
    try {
      return untilEnd(await next(incoming), end);
    } catch (error) {
      end(error);
      throw error;
    }
  };
}
