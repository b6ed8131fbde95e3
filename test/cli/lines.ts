// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandOptions, Ended } from "./command.ts";

/** A command line on its way to the process that carries it out. */
export interface Line extends Pick<CommandOptions, "cwd" | "env"> {
  readonly id: number;
  readonly args: readonly string[];
}

/** How it ended there. */
export interface LineEnded extends Ended {
  readonly id: number;
}

/**
 * Carries out many command lines in one process, as `parley` does each in one of its own: the same code from the words that
 * were typed to output, errors and exit code, without the time that a process needs to start. Lines wait for each other. For
 * what needs standard input, a signal or a stream that is watched there is {@link import("./command.ts").Command}.
 */
export class Lines implements AsyncDisposable {
  readonly #process: ChildProcess = fork(fileURLToPath(new URL("line-process.ts", import.meta.url)), {
    // As the starter has it: code that was compiled once need not be again.
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache") },
    execArgv: [],
  });
  readonly #waiting = new Map<number, (ended: LineEnded) => void>();
  #count = 0;

  constructor() {
    this.#process.on("message", (ended: LineEnded) => this.#waiting.get(ended.id)?.(ended));
    this.#process.once("exit", (code, signal) => {
      const errors = `the process of the lines ended: ${signal ?? code}`;
      for (const [id, tell] of this.#waiting) tell({ id, code, output: "", errors });
    });
  }

  /** Carries out one. */
  async run(args: readonly string[], { cwd, env }: Pick<CommandOptions, "cwd" | "env"> = {}): Promise<Ended> {
    const id = ++this.#count;
    const ended = await new Promise<LineEnded>((resolve) => {
      this.#waiting.set(id, resolve);
      const line: Line = { id, args, cwd, env };
      this.#process.send(line);
    });
    this.#waiting.delete(id);
    return { code: ended.code, output: ended.output, errors: ended.errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#process.connected) return;
    const exited = once(this.#process, "exit");
    this.#process.disconnect();
    await exited;
  }
}
