// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Command } from "commander";
import { outputOption } from "./output-option.ts";

/** `parley doctor`. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .summary("examine a mesh: broker, streams, sourcing, hearers, instances")
    .description(
      "Examines the broker, streams, sourcing, hearers and instances of a mesh, says what is wrong and what to do. " +
        "Changes nothing, unless it is told to remove a hearer. Exits with 1 when it finds errors.",
    )
    .option(
      "--broker <address>",
      "its broker, as nats://host:port (default: PARLEY_NATS_URL, else what the state folder says)",
    )
    .option("--state <folder>", "state folder of the mesh (default: PARLEY_STATE, else .parley in the project)")
    .option("--namespace <name>", "mesh within the broker", "parley")
    .option("--deep", "read every message instead of the newest 2,000 of each stream", false)
    .option("--monitor <address>", "monitoring port of the broker, which alone shows how it writes to its disk")
    .option(
      "--remove-hearer <agent~hearer>",
      "instead: remove the place of a hearer that is gone for good; refused while an instance has it",
    )
    .option("--dry-run", "with --remove-hearer: only say what would go", false)
    .addOption(outputOption())
    .addHelpText(
      "after",
      `
Examples:
  parley doctor
  parley doctor --deep --monitor http://127.0.0.1:8222
  parley doctor --remove-hearer acme-billing~onOrderPlaced --dry-run
  parley doctor --broker nats://127.0.0.1:4222 -o json | jq '.[] | select(.severity == "error")'`,
    )
    .action(async (options) => {
      const { doctor } = await import("../operator/doctor.ts");
      await doctor(options);
    });
}
