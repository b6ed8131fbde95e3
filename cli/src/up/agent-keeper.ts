// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AgentRun } from "./agent-run.ts";
import type { PlacementInit } from "./placement.ts";

const firstDelayMs = 1_000;
const longestDelayMs = 30_000;
/** A run that lasted so long counts as healthy: its end is met with the first delay again. */
const healthyMs = 60_000;

/** What a keeper is made of. */
export type KeeperInit = Omit<PlacementInit, "modules"> & { readonly module: string };

/** Keeps one agent running in a process of its own: one that ends by itself is reported, and started again after a delay. */
export class AgentKeeper implements AsyncDisposable {
  readonly #init: KeeperInit;
  readonly #ending = new AbortController();
  readonly #kept: Promise<void>;
  #run: AgentRun | undefined;

  private constructor(init: KeeperInit, run: AgentRun) {
    this.#init = init;
    this.#run = run;
    this.#kept = this.#keep(run);
  }

  /** Starts the agent; resolves when it takes calls. */
  static async start(init: KeeperInit): Promise<AgentKeeper> {
    return new AgentKeeper(init, await AgentRun.start(init, init.observer));
  }

  /** The agent's process; undefined between two runs. */
  get run(): AgentRun | undefined {
    return this.#run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#run?.drain();
    await this.#kept;
  }

  async #keep(first: AgentRun): Promise<void> {
    const { signal } = this.#ending;
    let run: AgentRun | undefined = first;
    let delayMs = firstDelayMs;
    let why = "";
    while (!signal.aborted) {
      if (run !== undefined) {
        const began = performance.now();
        why = await run.ended;
        if (performance.now() - began > healthyMs) delayMs = firstDelayMs;
      }
      this.#run = undefined;
      if (signal.aborted) return;
      const { module, report } = this.#init;
      report(`agent "${first.agent}" (${basename(module)}) ended: ${why}; starts again in ${delayMs / 1000} s`);
      await delay(delayMs, undefined, { signal }).catch(() => {});
      delayMs = Math.min(2 * delayMs, longestDelayMs);
      if (signal.aborted) return;
      try {
        run = await this.#again();
      } catch (error) {
        run = undefined;
        why = error instanceof Error ? error.message : String(error);
      }
    }
  }

  async #again(): Promise<AgentRun> {
    const run = await AgentRun.start(this.#init, undefined);
    if (this.#ending.signal.aborted) await run.drain();
    this.#run = run;
    this.#init.report(`agent "${run.agent}" runs again`);
    return run;
  }
}
