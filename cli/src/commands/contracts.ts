// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Command } from "commander";
import { operatorCommand } from "./operator-command.ts";

/** `parley contracts`. */
export function contractsCommand(): Command {
  return operatorCommand({
    name: "contracts",
    summary: "list services, methods and events with their policies",
    description:
      "Lists services, methods and events with their policies: those of the running mesh, else those of the " +
      "project's agents.",
    examples: [
      "parley contracts",
      `parley contracts -o json | jq '.methods[] | select(.exposure == "PUBLIC") | .name'`,
    ],
  }).action(async (options) => {
    const { showContracts } = await import("../operator/show-contracts.ts");
    await showContracts(options);
  });
}
