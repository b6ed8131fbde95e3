// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Passing, type Plan, passingName, type Word } from "./plan.ts";

/** How an agent process is started. */
export interface LifeOptions {
  readonly broker: string;
  readonly namespace: string;
  /** Path of the ledger. */
  readonly ledger: string;
  readonly plan?: Plan | undefined;
  /** Name of a deliberate defect; see mutants.ts. */
  readonly mutant?: string | undefined;
  /** Of each stream; default 1. */
  readonly replicas?: number | undefined;
  /** Default: those of the tellers' scenario. */
  readonly agents?: Cast | undefined;
}

/**
 * Who is hosted instead: the tellers as they were before, the tellers when what could not be mailed can be, an operator who
 * redrives all dead letters, or the agents of the sagas' scenario.
 */
export type Cast = "older" | "cured" | "redriver" | "errands";

/** One agent process, from its start to its end. Killed when disposed of. */
export interface AgentLife extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Undefined when it ended before it was ready. */
  readonly url: Promise<string | undefined>;
  /** What it passed so far. */
  readonly passed: readonly Passing[];
  /** Whether it has reached what its plan names. */
  readonly reached: boolean;
  readonly ended: Promise<void>;
  readonly isOver: boolean;
  /** Resolves when it is held, or has told; never when it does not get there. */
  readonly signalled: Promise<void>;
  /** Publishes a note from outside of a handler; false when it ended before it had an answer. */
  publish(note: string): Promise<boolean>;
  /** Waits until it says so; false when it ended before. */
  said(note: string): Promise<boolean>;
  /** Lets it go on. */
  release(): void;
}

/** Starts an agent process. */
export function startLife(options: LifeOptions): AgentLife {
  const { broker, namespace, ledger, plan, mutant, replicas = 1, agents } = options;
  const child = fork(fileURLToPath(new URL("./agent-process.ts", import.meta.url)), {
    stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"],
    execArgv: mutant === undefined ? [] : ["--import", new URL("./mutate.ts", import.meta.url).href],
    env: {
      ...process.env,
      PARLEY_LOG: "silent",
      // Hundreds of processes load the same sources.
      NODE_COMPILE_CACHE: join(tmpdir(), "parley-crash-compiled"),
      CRASH_BROKER: broker,
      CRASH_NAMESPACE: namespace,
      CRASH_LEDGER: ledger,
      CRASH_PLAN: JSON.stringify(plan ?? null),
      CRASH_AGENTS: agents ?? "",
      CRASH_REPLICAS: String(replicas),
      CRASH_MUTANT: mutant ?? "",
    },
  });
  const pipe = child.stdio[4] as Duplex;
  const passed: Passing[] = [];
  const published = new Set<string>();
  const { promise: ready, resolve: setReady } = Promise.withResolvers<string>();
  const { promise: signalled, resolve: signal } = Promise.withResolvers<void>();
  let isOver = false;
  const ended = once(child, "exit").then(() => {
    isOver = true;
  });
  let wake: () => void = () => {};
  const hear = (word: Word) => {
    if (word.kind === "ready") setReady(word.url);
    else if (word.kind === "published") published.add(word.note);
    else if (word.kind === "passed") passed.push(word);
    else signal();
    wake();
  };
  let rest = "";
  pipe.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(JSON.parse(line) as Word);
  });
  // The other end dies as it is told to.
  pipe.on("error", () => {});
  child.on("error", () => {});
  const said = async (note: string) => {
    while (!isOver && !published.has(note)) {
      const next = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.race([next, ended]);
    }
    return published.has(note);
  };
  return {
    child,
    passed,
    ended,
    signalled,
    url: Promise.race([ready, ended.then(() => undefined)]),
    get isOver() {
      return isOver;
    },
    get reached() {
      return plan !== undefined && passed.some((passing) => passingName(passing) === passingName(plan));
    },
    publish(note) {
      child.send({ note }, () => {});
      return said(note);
    },
    said,
    release: () => void pipe.write("g"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
