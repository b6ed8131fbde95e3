// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";

const parley = join(import.meta.dirname, "../cli/bin/parley.js");

/** How long from `parley up` to ready, beside a Node that only starts? In one process and with one for each agent. */
export async function run(): Promise<void> {
  const state = await mkdtemp(join(tmpdir(), "parley-bench-"));
  try {
    const nodeMs = await timed(process.execPath, ["--eval", "console.log('ready')"]);
    console.log(`  ${"node that only starts".padEnd(46)}${nodeMs.toFixed(0).padStart(9)} ms`);
    for (const [name, more] of [
      ["first run on a state folder", []],
      ["second run", []],
      ["second run, a process for each agent", ["--processes"]],
    ] as const) {
      const tookMs = await timed(process.execPath, [parley, "up", "--port", "0", "--state", state, ...more]);
      const ratio = `${(tookMs / nodeMs).toFixed(1)} × node`;
      console.log(`  ${name.padEnd(46)}${tookMs.toFixed(0).padStart(9)} ms  ${ratio}`);
    }
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

/** Milliseconds until a program prints a line that begins with `ready`; it is ended then. */
async function timed(program: string, parameters: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(program, parameters, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  for await (const line of createInterface(child.stdout)) if (line.startsWith("ready")) break;
  const tookMs = performance.now() - started;
  child.kill("SIGTERM");
  await exited;
  return tookMs;
}
