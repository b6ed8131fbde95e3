// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { MessageHeader } from "@parley/mesh";
import { until } from "../tools/until.ts";

/** What a hosting process tells of each call, event and command. */
export interface Told {
  readonly kind: "ready" | "called" | "published" | "heard" | "dispatched" | "ran" | "began" | "ended";
  readonly url?: string;
  readonly header?: MessageHeader;
  readonly error?: string;
  /** Of a handler that began or ended: key and id of its message, and when, in milliseconds since the epoch. */
  readonly key?: string;
  readonly id?: string;
  readonly at?: number;
}

/** A process that hosts agents. Killed when disposed of. */
export interface HostProcess extends AsyncDisposable {
  readonly url: string;
  readonly told: readonly Told[];
  /** Sends a signal; SIGKILL also waits for the end. */
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM"): Promise<void>;
  /** Lets handlers end that wait for a word from outside. */
  goOn(): void;
  /** Exit code once it has ended; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Where to host, and what. */
export interface HostPlace {
  readonly broker: string;
  readonly namespace: string;
  /** Default: that of every host. Only hosts-agents knows it. */
  readonly heartbeat?: { readonly everyMs: number; readonly ttlMs: number } | undefined;
  /** Which program of this folder; default: hosts-agents. */
  readonly program?: "hosts-agents" | "hosts-reader" | undefined;
  /** Milliseconds for which "block" makes hosts-reader stand still; default: 8 000. */
  readonly blockMs?: number | undefined;
}

/** Starts a program that hosts agents in a namespace and waits until it is ready. */
export async function startHost({ program = "hosts-agents", ...where }: HostPlace): Promise<HostProcess> {
  const child = fork(fileURLToPath(new URL(`./${program}.ts`, import.meta.url)), {
    env: {
      ...process.env,
      HOST_BROKER: where.broker,
      HOST_NAMESPACE: where.namespace,
      HOST_HEARTBEAT: JSON.stringify(where.heartbeat ?? null),
      ...(where.blockMs === undefined ? {} : { HOST_BLOCK_MS: String(where.blockMs) }),
    },
  });
  // Also one that stands still, which would not notice the end of its parent.
  const killIt = () => void child.kill("SIGKILL");
  process.once("exit", killIt);
  child.once("exit", () => process.off("exit", killIt));
  const told: Told[] = [];
  child.on("message", (message: Told) => told.push(message));
  const ended = once(child, "exit").then(([code]) => code as number | null);
  await until(() => told.some(({ kind }) => kind === "ready") || child.exitCode !== null);
  const url = told.find(({ kind }) => kind === "ready")?.url;
  if (url === undefined) throw new Error(`the host ended with ${child.exitCode}`);
  return {
    url,
    told,
    ended,
    goOn: () => void child.send("go on"),
    signal: (name) => send(child, name, ended),
    [Symbol.asyncDispose]: () => kill(child, ended),
  };
}

async function send(child: ChildProcess, name: NodeJS.Signals, ended: Promise<unknown>): Promise<void> {
  child.kill(name);
  if (name === "SIGKILL") await ended;
}

async function kill(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill("SIGKILL");
  await ended;
}
