// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../tools/source-files.ts";

/** The starter of the command line. */
export const starter = join(root, "cli/bin/parley.js");

/** How a command is run. */
export interface CommandOptions {
  /** Default: the repository. */
  readonly cwd?: string | undefined;
  /** On top of the test's own, without what would lead to another mesh or broker. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Default: the Node that runs the tests. */
  readonly node?: string | undefined;
  readonly input?: string | undefined;
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** A running `parley` command. */
export class Command implements AsyncDisposable {
  output = "";
  errors = "";
  readonly process: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], { cwd = root, env = {}, node = process.execPath, input }: CommandOptions = {}) {
    const { PARLEY_NATS_URL: _, PARLEY_STATE: __, PARLEY_URL: ___, PARLEY_PORT: ____, ...inherited } = process.env;
    this.process = spawn(node, [starter, ...args], { cwd, env: { ...inherited, ...env }, stdio: "pipe" });
    this.process.stdin?.end(input);
    this.process.stdout?.on("data", (chunk: Buffer) => this.#grow(() => (this.output += chunk)));
    this.process.stderr?.on("data", (chunk: Buffer) => this.#grow(() => (this.errors += chunk)));
    this.#exited = once(this.process, "close").finally(() => this.#grow(() => {}));
  }

  /** The first match in what it has written to either stream, as soon as it is there; fails when the command ends without. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output) ?? pattern.exec(this.errors);
      if (found !== null) return found;
      if (this.process.exitCode !== null) throw new Error(`ended without ${pattern}:\n${this.output}\n${this.errors}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async ended(): Promise<Ended> {
    await this.#exited;
    return { code: this.process.exitCode, output: this.output, errors: this.errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGTERM");
    await this.#exited;
  }

  #grow(write: () => void): void {
    write();
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/** Runs a command to its end. */
export function run(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return new Command(args, options).ended();
}
