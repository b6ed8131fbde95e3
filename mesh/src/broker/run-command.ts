// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { execFile } from "node:child_process";

/** What a command is run with. */
export interface CommandOptions {
  /** Milliseconds until it is killed. */
  readonly timeoutMs: number;
  /** Default: the working folder of this process. */
  readonly folder?: string | undefined;
  /** Default: the environment of this process. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

/**
 * Runs a command without a shell and returns what it wrote to its standard output.
 *
 * @throws Error naming the command and the end of what it complained about.
 */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { timeoutMs, folder, environment } = options;
  return new Promise((resolve, reject) => {
    const settings = {
      timeout: timeoutMs,
      cwd: folder,
      env: environment ?? process.env,
      maxBuffer: 16 * 1024 * 1024,
    };
    execFile(command, args, { ...settings, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const complaint = stderr.trim().split("\n").slice(-3).join(" ") || error.message;
      const why = error.killed ? `took longer than ${timeoutMs} ms` : complaint;
      reject(new Error(`"${command} ${args[0] ?? ""}": ${why}`, { cause: error }));
    });
  });
}
