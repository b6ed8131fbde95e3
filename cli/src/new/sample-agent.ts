// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AgentNames } from "./agent-names.ts";

/** A file to write. */
export interface NewFile {
  /** From the folder it belongs to, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** The greeter: an agent that runs and is tested here as it is. */
const sample = join(import.meta.dirname, "../../template");
/** What the sample's folder has for its own use. */
const ownOnly: ReadonlySet<string> = new Set(["gen", "node_modules"]);

/** The sample agent under other names. */
export function sampleAgent(names: AgentNames): readonly NewFile[] {
  return filesIn(sample).map((path) => ({
    path: renamed(path, names),
    text: renamed(readFileSync(join(sample, path), "utf8"), names),
  }));
}

function filesIn(folder: string, below = ""): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${below}${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return ownOnly.has(entry.name) ? [] : filesIn(join(folder, entry.name), `${path}/`);
  });
}

/** A text or path of the sample with the greeter's names replaced, in order: what is more particular first. */
function renamed(text: string, { folder, agent, path, file, type, event }: AgentNames): string {
  return (
    text
      // npm leaves a file of the dotted name out of packages.
      .replace(/^gitignore$/, ".gitignore")
      .replaceAll("greeter/v1/greeter", `${path}/v1/${file}`)
      .replaceAll("greeter.v1", `${agent}.v1`)
      .replaceAll('"name": "greeter"', `"name": "${folder}"`)
      .replaceAll("# greeter", `# ${folder}`)
      .replaceAll("greeter", agent)
      .replaceAll("Greeter", type)
      .replaceAll("GREETER", event)
  );
}
