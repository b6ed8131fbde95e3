// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Command, Option } from "commander";
import { withMeshOptions } from "./mesh-options.ts";

/** `parley tail`. */
export function tailCommand(): Command {
  return withMeshOptions(
    new Command("tail")
      .summary("show events as they are published")
      .description("Shows events of a running mesh as they are published, from now on, until Ctrl-C.")
      .argument("[events...]", "contract names, aliases or full names (default: all events)"),
  )
    .addOption(
      new Option("-o, --output <format>", "lines for people, or one JSON object per line")
        .choices(["text", "json"])
        .default("text"),
    )
    .addHelpText(
      "after",
      `
Examples:
  parley tail
  parley tail APPOINTMENT_CONFIRMED APPOINTMENT_CANCELLED
  parley tail -o json | jq .event.appointment.providerName`,
    )
    .action(async (events, options) => {
      const { tail } = await import("../operator/tail.ts");
      await tail(events, options);
    });
}
