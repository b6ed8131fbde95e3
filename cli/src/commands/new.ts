// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Command } from "commander";
import { commandGroup, describedCommand } from "./operator-command.ts";

/** `parley new`. */
export function newCommand(): Command {
  return commandGroup("new", "begin an agent of your own", [newAgentCommand()]);
}

function newAgentCommand(): Command {
  return describedCommand({
    name: "agent",
    summary: "write a folder with an agent that runs",
    description:
      "Writes a folder with a contract and its policy, an agent that serves it, and a test that calls it and hears its " +
      "event. `npm install && npm test` passes there at once.",
    examples: ["parley new agent greeter", "parley new agent sales.order-desk --folder order-desk"],
  })
    .argument("<name>", "lower-case words, e.g. greeter, order-desk or sales.order-desk")
    .option("--folder <folder>", "empty or new folder to write into (default: one called like the agent)")
    .action(async (name, { folder }) => {
      const { showNewAgent } = await import("../new/show-new-agent.ts");
      showNewAgent(name, folder);
    });
}
