// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadStory } from "../project/modules.ts";
import { requireProject } from "../project/project.ts";
import { styleFor } from "../terminal/style.ts";
import { tableLines } from "../terminal/table.ts";
import { up } from "../up/up.ts";
import { UsageError } from "../usage-error.ts";
import type { Story } from "./story.ts";

/**
 * Carries out a demo of the project by name, or lists them.
 *
 * @returns the exit code
 * @throws UsageError when there is none of that name
 */
export async function demo(name: string | undefined, { processes }: { readonly processes: boolean }): Promise<number> {
  const { demos } = requireProject();
  const names = [...demos.keys()].join(", ");
  if (name === undefined) {
    process.stdout.write(`${names === "" ? "the project names no demos" : [...demos.keys()].join("\n")}\n`);
    return 0;
  }
  const path = demos.get(name);
  if (path === undefined) throw new UsageError(`no demo "${name}"; there are: ${names}`);
  const story = await loadStory(path);
  if (story !== undefined) return tellStory(story);
  const state = await mkdtemp(join(tmpdir(), "parley-demo-"));
  try {
    return await up({ port: 0, demo: path, exit: true, state, processes });
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

async function tellStory(story: Story): Promise<number> {
  const { bold, dim } = styleFor(process.stdout);
  const startedAt = Date.now();
  const write = (line: string) => process.stdout.write(`${line}\n`);
  const { table, notes, isWell } = await story((line) => {
    const since = `+${((Date.now() - startedAt) / 1_000).toFixed(1)} s`.padStart(8);
    write(`${dim(since)}  ${line}`);
  });
  const [head = [], ...rows] = table;
  const right = head.map((_, column) => column).slice(1);
  write("");
  for (const line of tableLines([head.map(bold), ...rows], { right })) write(line);
  write("");
  for (const note of notes) write(note);
  return isWell ? 0 : 1;
}
