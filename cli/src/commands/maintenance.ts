// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, Option } from "commander";
import { authorOption } from "./author-option.ts";
import { commandGroup, operatorCommand } from "./operator-command.ts";
import { timeArgument } from "./time-argument.ts";

const domainOption = () => new Option("--domain <package>", "only this proto package (default: the whole mesh)");

/** `parley maintenance begin|end|list`. */
export function maintenanceCommand(): Command {
  const begin = operatorCommand({
    name: "begin",
    summary: "make a mesh answer questions only",
    description:
      "Begins a maintenance: calls that may change something answer MAINTENANCE with a time to come back, commands and " +
      "events wait in their streams, what is in hand is finished. Publishes SYSTEM_MAINTENANCE. It ends by " +
      "`parley maintenance end` alone.",
    examples: [
      'parley maintenance begin --reason "moving the disks" --expected 20m',
      'parley maintenance begin --domain parley.scheduling.v1 --reason "restoring calendars"',
    ],
  })
    .requiredOption("--reason <text>", "why; whoever is refused reads it")
    .option("--expected <time>", "how long it shall take (default: 10m)", timeArgument)
    .addOption(domainOption())
    .addOption(authorOption())
    .action(async (options) => (await import("../operator/maintenance.ts")).beginMaintenance(options));
  const end = operatorCommand({
    name: "end",
    summary: "let a mesh go on",
    description: "Ends a maintenance: everything that waited goes on. Publishes SYSTEM_READY.",
    examples: ["parley maintenance end", "parley maintenance end --domain parley.scheduling.v1"],
  })
    .addOption(domainOption())
    .addOption(authorOption())
    .action(async (options) => (await import("../operator/maintenance.ts")).endMaintenance(options));
  const list = operatorCommand({
    name: "list",
    summary: "which maintenances are underway",
    description: "Lists the maintenances that are underway, oldest first.",
    examples: ["parley maintenance list", "parley maintenance list -o json"],
  }).action(async (options) => (await import("../operator/maintenance.ts")).listMaintenances(options));
  return commandGroup("maintenance", "make a mesh, or a part of it, answer questions only", [begin, end, list]);
}
