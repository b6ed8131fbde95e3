// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { relative } from "node:path";
import { styleFor } from "../terminal/style.ts";
import { agentNames } from "./agent-names.ts";
import { writeAgent } from "./write-agent.ts";

/** Writes an agent's folder and says what is in it and what to type next. */
export function showNewAgent(name: string, folder: string | undefined): void {
  const written = writeAgent(name, folder);
  const { bold, dim } = styleFor(process.stdout);
  const { type, file, path } = agentNames(name);
  const told = new Map([
    [`proto/${path}/v1/${file}.proto`, "what it answers and announces, under which terms"],
    ["src/agent.ts", "what it does"],
    ["test/agent.test.ts", "calls it and hears its event"],
  ]);
  const home = folder ?? name;
  const lines = written.map((file) => {
    const shown = relative(process.cwd(), file);
    const why = [...told].find(([path]) => file.replaceAll("\\", "/").endsWith(path))?.[1];
    return why === undefined ? `  ${shown}` : `  ${shown}  ${dim(why)}`;
  });
  const next = [`cd ${home}`, "npm install", "npm test", "npm start"];
  const call = `npx parley call ${type}Service/SayHello '{"name":"Ada"}'`;
  process.stdout.write(
    `${bold(name)}\n${lines.join("\n")}\n\nNext:\n${next.map((line) => `  ${line}`).join("\n")}\nand, while it runs:\n  ${call}\n`,
  );
}
