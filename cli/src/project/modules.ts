// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { pathToFileURL } from "node:url";
import { type Agent, assertFits, type Host, MeshError } from "@parley/mesh";
import type { Demo } from "../demo/demo.ts";
import type { Story } from "../demo/story.ts";
import { UsageError } from "../usage-error.ts";

/** Fills a fresh mesh. Must not mind being run again. */
export type Seed = (mesh: Pick<Host, "client" | "publish">) => Promise<void>;

/**
 * The agent of a module: its default export, or the only thing that it exports; called when it is a function.
 *
 * @throws UsageError when the module cannot be loaded or exports no agent, or one that another version of the mesh defined
 */
export async function loadAgent(path: string): Promise<Agent> {
  const exports = await load(path);
  const [only, ...others] = Object.values(exports);
  const exported = exports["default"] ?? (others.length === 0 ? only : undefined);
  const agent: unknown = typeof exported === "function" ? await exported() : exported;
  if (!isAgent(agent)) {
    throw new UsageError(`"${path}" has no agent as its default export; write \`export default defineAgent({ … })\``);
  }
  try {
    assertFits(agent);
    return agent;
  } catch (error) {
    throw error instanceof MeshError ? new UsageError(`"${path}" does not fit: ${error.message}`) : error;
  }
}

/** Begins to load modules that will be needed, while there is something else to wait for; who needs one hears what is wrong with it. */
export function preload(paths: readonly string[]): void {
  for (const path of paths) load(path).catch(() => {});
}

/** The seed of a module: its export `seed`. */
export async function loadSeed(path: string): Promise<Seed> {
  return (await loadFunction(path, "seed")) as Seed;
}

/** The demo of a module: its export `demo`. */
export async function loadDemo(path: string): Promise<Demo> {
  return (await loadFunction(path, "demo")) as Demo;
}

/** The story of a module: its export `story`; undefined when it has none. */
export async function loadStory(path: string): Promise<Story | undefined> {
  const { story } = await load(path);
  return typeof story === "function" ? (story as Story) : undefined;
}

async function loadFunction(path: string, name: string): Promise<unknown> {
  const exported = (await load(path))[name];
  if (typeof exported === "function") return exported;
  throw new UsageError(`"${path}" exports no function \`${name}\``);
}

async function load(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw new UsageError(`"${path}" cannot be loaded`, String(error instanceof Error ? error.stack : error));
  }
}

function isAgent(value: unknown): value is Agent {
  return typeof value === "object" && value !== null && "name" in value && "serves" in value && "hears" in value;
}
