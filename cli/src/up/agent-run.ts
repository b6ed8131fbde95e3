// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ChildProcess, fork } from "node:child_process";
import { getCompileCacheDir } from "node:module";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Observer } from "@parley/mesh";
import { UsageError } from "../usage-error.ts";
import type { AgentProcessInit, FromAgent, ToAgent } from "./agent-messages.ts";

/** After this many milliseconds a draining process is killed. */
const drainMs = 15_000;

const program = fileURLToPath(new URL(`../agent-process${extname(import.meta.url)}`, import.meta.url));

/** One run of an agent's process. */
export class AgentRun {
  /** Name of the agent. */
  readonly agent: string;
  readonly services: readonly string[];
  /** Settles when the process has ended, with why, e.g. `exit code 1`. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, ended: Promise<string>, ready: Extract<FromAgent, { kind: "ready" }>) {
    this.#process = child;
    this.ended = ended;
    this.agent = ready.agent;
    this.services = ready.services;
  }

  /**
   * Starts the process; resolves when its agent takes calls.
   *
   * @throws UsageError with the reason that the process gives, or how it ended
   */
  static async start(init: Omit<AgentProcessInit, "observe">, observer: Observer | undefined): Promise<AgentRun> {
    const child = fork(program, [JSON.stringify({ ...init, observe: observer !== undefined })], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? getCompileCacheDir() },
    });
    // Not by events.once: that rejects at "error" too, where nobody may be waiting for the end.
    const ended = new Promise<string>((resolve) => {
      child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
    });
    const ready = new Promise<Extract<FromAgent, { kind: "ready" }>>((resolve, reject) => {
      child.on("message", (message: FromAgent) => {
        if (message.kind === "observed") observer?.(message.observation);
        if (message.kind === "ready") resolve(message);
        if (message.kind === "failed") reject(new UsageError(message.message, ...message.hints));
      });
      child.on("error", reject);
      void ended.then((why) => reject(new UsageError(`the process of "${init.module}" ended at once: ${why}`)));
    });
    return new AgentRun(child, ended, await ready);
  }

  /** Resolves when all that it said and heard so far has come in, or the process has ended. */
  async told(): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      const listen = (message: FromAgent) => {
        if (message.kind !== "told") return;
        this.#process.off("message", listen);
        resolve();
      };
      this.#process.on("message", listen);
    });
    this.#send({ kind: "tell" });
    await Promise.race([answered, this.ended]);
  }

  /** Wants to hear no more of what it says and hears. */
  unobserve(): void {
    this.#send({ kind: "unobserve" });
  }

  /** Lets it finish what it has in hand and waits for its end. */
  async drain(): Promise<void> {
    this.#send({ kind: "drain" });
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), drainMs);
    await this.ended;
    clearTimeout(timer);
  }

  #send(message: ToAgent): void {
    // It may end at any moment; then its end says it all.
    if (this.#process.connected) this.#process.send(message, () => {});
  }
}
