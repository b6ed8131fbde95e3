// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Command, Option } from "commander";
import { withMeshOptions } from "./mesh-options.ts";

/** `parley contracts`. */
export function contractsCommand(): Command {
  return withMeshOptions(
    new Command("contracts")
      .summary("list services, methods and events with their policies")
      .description(
        "Lists services, methods and events with their policies: those of the running mesh, else those of the " +
          "project's agents.",
      ),
  )
    .addOption(new Option("-o, --output <format>", "how to print").choices(["table", "json"]).default("table"))
    .addHelpText(
      "after",
      `
Examples:
  parley contracts
  parley contracts -o json | jq '.methods[] | select(.exposure == "PUBLIC") | .name'`,
    )
    .action(async (options) => {
      const { showContracts } = await import("../operator/show-contracts.ts");
      await showContracts(options);
    });
}
