// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Processes that all host the mailroom and share its work. */
export class WorkerPool implements AsyncDisposable {
  readonly #workers: ChildProcess[];

  private constructor(workers: ChildProcess[]) {
    this.#workers = workers;
  }

  /** Starts workers; resolves when all of them take work. */
  static async open(count: number, env: Readonly<Record<string, string>>): Promise<WorkerPool> {
    const workers = Array.from({ length: count }, () =>
      fork(fileURLToPath(new URL("./worker.ts", import.meta.url)), { env: { ...process.env, ...env } }),
    );
    await Promise.all(
      workers.map(async (worker) => {
        const ended = once(worker, "exit").then(([code]) => {
          throw new Error(`a worker ended with code ${String(code)} before it was ready`);
        });
        await Promise.race([once(worker, "message"), ended]);
        ended.catch(() => {});
      }),
    );
    return new WorkerPool(workers);
  }

  /** Kills the first worker as a power failure would; gives its process id. */
  async kill(): Promise<number | undefined> {
    const worker = this.#workers.shift();
    if (worker === undefined) return undefined;
    const ended = once(worker, "exit");
    worker.kill("SIGKILL");
    await ended;
    return worker.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        const ended = once(worker, "exit");
        worker.kill("SIGTERM");
        await ended;
      }),
    );
  }
}
