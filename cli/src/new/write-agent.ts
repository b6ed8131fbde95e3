// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { makeFolder } from "@parley/mesh/broker";
import { UsageError } from "../usage-error.ts";
import { openFolder } from "../writable-folder.ts";
import { agentNames } from "./agent-names.ts";
import { sampleAgent } from "./sample-agent.ts";

/**
 * Writes a folder with a new agent: contract, code, test, and what they need to run.
 *
 * @param name See {@link agentNames}
 * @param into Folder to write into; made when it does not exist. Default: one called like the agent, in the current one
 * @returns Paths of the files written
 * @throws UsageError when the name cannot be an agent's, or the folder has something in it or cannot be made; nothing is
 *   written then
 */
export function writeAgent(name: string, into?: string | undefined): readonly string[] {
  const names = agentNames(name);
  const folder = resolve(into ?? names.folder);
  assertEmpty(folder);
  const files = sampleAgent(names);
  openFolder(folder, {
    what: `"${folder}" cannot be written to`,
    next: "Choose another folder with --folder; nothing was written.",
  });
  for (const { path, text } of files) {
    const target = join(folder, path);
    makeFolder(dirname(target));
    // Whatever appeared since it was found empty stays.
    writeFileSync(target, text, { flag: "wx" });
  }
  return files.map(({ path }) => join(folder, path));
}

function assertEmpty(folder: string): void {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw new UsageError(`"${folder}" is a file`, "Choose another name or folder.");
  if (readdirSync(folder).some((entry) => entry !== ".git")) {
    throw new UsageError(`"${folder}" is not empty`, "Choose another name or folder; nothing was written.");
  }
}
