// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "../usage-error.ts";

/** What `parley up` starts: the "parley" field of a package.json, its paths made absolute. */
export interface Project {
  readonly folder: string;
  /** Modules whose default export is an Agent, or a function that gives one. */
  readonly agents: readonly string[];
  /** Module whose `seed` fills a fresh mesh. */
  readonly seed: string | undefined;
  /** Module whose `demo` carries out a conversation. */
  readonly demo: string | undefined;
  /** Modules of `parley demo`, by name. */
  readonly demos: ReadonlyMap<string, string>;
}

/** The project that a folder belongs to: the nearest package.json upward with a "parley" field; undefined: there is none. */
export function findProject(from: string = process.cwd()): Project | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const field = parleyField(join(folder, "package.json"));
    if (field !== undefined) return readProject(folder, field);
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * {@link findProject}, where there must be one.
 *
 * @throws UsageError when there is none
 */
export function requireProject(from: string = process.cwd()): Project {
  const project = findProject(from);
  if (project !== undefined) return project;
  throw new UsageError(
    `no package.json with a "parley" field in "${from}" or above it`,
    'Name the agents to start in package.json, e.g. "parley": { "agents": ["src/agent.ts"] },',
    "or let `parley new agent <name>` write such a folder.",
  );
}

function parleyField(manifest: string): object | undefined {
  let text: string;
  try {
    text = readFileSync(manifest, "utf8");
  } catch {
    return undefined;
  }
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content !== "object" || content === null || !("parley" in content)) return undefined;
    if (typeof content.parley === "object" && content.parley !== null) return content.parley;
  } catch (error) {
    throw new UsageError(`"${manifest}" is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  throw new UsageError(`"parley" in "${manifest}" must be an object, e.g. { "agents": ["src/agent.ts"] }`);
}

function readProject(folder: string, field: object): Project {
  const { agents, seed, demo, demos = {} } = field as Readonly<Record<string, unknown>>;
  const path = (name: string, value: unknown) => {
    if (value === undefined) return undefined;
    if (typeof value === "string") return resolve(folder, value);
    throw new UsageError(`"parley.${name}" in "${join(folder, "package.json")}" must be the path of a module`);
  };
  if (!Array.isArray(agents) || agents.length === 0 || !agents.every((each) => typeof each === "string")) {
    throw new UsageError(`"parley.agents" in "${join(folder, "package.json")}" must list paths of agent modules`);
  }
  if (typeof demos !== "object" || demos === null) {
    throw new UsageError(`"parley.demos" in "${join(folder, "package.json")}" must name modules`);
  }
  const named = Object.entries(demos).map(([name, value]) => [name, path(`demos.${name}`, value) ?? ""] as const);
  return {
    folder,
    agents: agents.map((each) => resolve(folder, each)),
    seed: path("seed", seed),
    demo: path("demo", demo),
    demos: new Map(named),
  };
}
