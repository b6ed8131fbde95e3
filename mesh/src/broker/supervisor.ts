// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";

/**
 * Runs its arguments as a server and watches two things: the server, whose exit code it passes on, and its own standard
 * input, which the parent holds open. When that ends, the parent is gone, however it went (SIGKILL included), and the server
 * is stopped. It writes the server's process id as its first line.
 */
const script = `
exec 3<&0
"$@" </dev/null >/dev/null 3<&- &
server=$!
{
  while read -r _; do :; done
  kill -TERM "$server"
  for _ in 1 2 3 4 5; do sleep 1; kill -0 "$server" || exit; done
  kill -KILL "$server"
} <&3 >/dev/null 2>&1 &
watcher=$!
echo "$server"
wait "$server"
code=$?
kill -KILL "$watcher"
exit "$code"
`;

/** A server process that does not outlive this one. */
export interface SupervisedServer {
  /** Process id of the server itself. */
  readonly pid: number;
  /** Settles when it has ended, with the end of what it complained about. */
  readonly exited: Promise<string>;
  /** Sends a signal; nothing happens when the server has ended. */
  signal(name: NodeJS.Signals): void;
  /** Whether this process stays alive for the server's sake. */
  keepAlive(yes: boolean): void;
}

/**
 * Starts `command` so that it ends when this process does. In a session of its own: a Ctrl-C at the terminal reaches this
 * process alone, which may still need the server to finish its work.
 *
 * @throws Error when there is no `sh`, or the command cannot be run.
 */
export async function superviseServer(command: string, args: readonly string[]): Promise<SupervisedServer> {
  const child = spawn("sh", ["-c", script, "sh", command, ...args], {
    stdio: "pipe",
    detached: true,
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2_000);
  });
  let running = true;
  const exited = new Promise<string>((resolve) => {
    child.once("close", () => {
      running = false;
      resolve(complaint.trim());
    });
  });
  child.stdin.on("error", () => {});
  const pid = await firstLine(child, exited);
  return {
    pid,
    exited,
    signal(name) {
      // Only while the supervisor has not seen the end: afterwards the id may belong to somebody else.
      if (running) tryKill(pid, name);
    },
    keepAlive(yes) {
      // With pipes the streams are sockets, which alone know how to step back from keeping the process alive.
      for (const handle of [child, ...([child.stdin, child.stdout, child.stderr] as unknown as Socket[])]) {
        if (yes) handle.ref();
        else handle.unref();
      }
    },
  };
}

/** The server may end by itself a moment before the signal: that is what was wanted. */
function tryKill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function firstLine(child: ChildProcess, exited: Promise<string>): Promise<number> {
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  const ended = exited.then((complaint) => Promise.reject(new Error(`ended at once: ${complaint}`)));
  const line = new Promise<number>((resolve) => {
    child.stdout?.once("data", (chunk: Buffer) => resolve(Number.parseInt(chunk.toString(), 10)));
  });
  failed.catch(() => {});
  ended.catch(() => {});
  return Promise.race([line, failed, ended]);
}
