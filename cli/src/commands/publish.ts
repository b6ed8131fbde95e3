// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Command } from "commander";
import { withMeshOptions } from "./mesh-options.ts";

/** `parley publish`. */
export function publishCommand(): Command {
  return withMeshOptions(
    new Command("publish")
      .summary("publish an event into a running mesh")
      .description("Publishes an event by hand, checked against its contract. Prints its id when it is stored.")
      .argument("<event>", "contract name, alias or full name, e.g. APPOINTMENT_CONFIRMED")
      .argument("[json]", "event; @file reads it from a file, - from standard input", "{}"),
  )
    .option("--conversation <id>", "conversation that the event belongs to")
    .addHelpText(
      "after",
      `
Examples:
  parley publish APPOINTMENT_REQUESTED '{"requestId":"r1","userId":"ada","serviceType":"doctor"}'
  parley publish APPOINTMENT_REQUESTED @event.json --conversation c1`,
    )
    .action(async (event, json, options) => {
      const { publish } = await import("../operator/publish.ts");
      await publish(event, json, options);
    });
}
