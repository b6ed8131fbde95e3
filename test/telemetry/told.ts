// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { Story } from "./story.ts";

/** The story, and what the process did besides. */
export interface Told extends Story {
  readonly loaded: readonly string[];
  readonly stderr: string;
}

/** Runs the story in a process of its own, which has to end by itself. */
export async function tell(environment: Record<string, string>): Promise<Told> {
  const bare = Object.entries(process.env).filter(([name]) => !/^(OTEL_|PARLEY_|NODE_OPTIONS)/.test(name));
  const child = spawn(process.execPath, [fileURLToPath(new URL("./story-process.ts", import.meta.url))], {
    env: { ...Object.fromEntries(bare), PARLEY_LOG: "silent", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return { ...JSON.parse(stdout), stderr };
}

/** The lines of the log. */
export function logLines({ stderr }: Told): readonly Record<string, unknown>[] {
  return stderr.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}
