// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Command } from "commander";

/** `parley new`. */
export function newCommand(): Command {
  return new Command("new").summary("begin an agent of your own").addCommand(newAgentCommand());
}

function newAgentCommand(): Command {
  return new Command("agent")
    .summary("write a folder with an agent that runs")
    .description(
      "Writes a folder with a contract and its policy, an agent that serves it, and a test that calls it and hears its " +
        "event. `npm install && npm test` passes there at once.",
    )
    .argument("<name>", "lower-case words, e.g. greeter, order-desk or sales.order-desk")
    .option("--folder <folder>", "empty or new folder to write into (default: one called like the agent)")
    .addHelpText(
      "after",
      "\nExamples:\n  parley new agent greeter\n  parley new agent sales.order-desk --folder order-desk",
    )
    .action(async (name, { folder }) => {
      const { showNewAgent } = await import("../new/show-new-agent.ts");
      showNewAgent(name, folder);
    });
}
