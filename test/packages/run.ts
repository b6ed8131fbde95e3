// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { spawn } from "node:child_process";
import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  /** All that it wrote on both outputs, in the order in which it came, without colours. */
  readonly said: string;
}

/** Where and how a program runs. */
export interface RunOptions {
  readonly cwd: string;
  /** Beside the environment of a person at a terminal. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Runs a program to its end. */
export async function run(command: string, parameters: readonly string[], options: RunOptions): Promise<Ended> {
  const { cwd, env } = options;
  const child = spawn(command, parameters, { cwd, env: { ...terminal(), ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const output of [child.stdout, child.stderr]) output.setEncoding("utf8").on("data", (text) => (said += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, said: stripVTControlCharacters(said) };
}

/**
 * This process's environment without what npm and the test runner put into it: a program gets what it would get from a
 * person who types its name.
 */
export function terminal(): NodeJS.ProcessEnv {
  const ours = /^(npm_(lifecycle|package|command|config_local_prefix|execpath)|VITEST|TEST$|NODE_ENV$|PARLEY_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}
