// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Command } from "commander";
import { operatorCommand } from "./operator-command.ts";

/** `parley streams`. */
export function streamsCommand(): Command {
  return operatorCommand({
    name: "streams",
    summary: "what the broker keeps, and who is how far",
    description:
      "Lists the streams and buckets of a mesh with their sizes and limits, and how much waits for each hearer. In JSON the " +
      "hearers are always there.",
    examples: ["parley streams", "parley streams --hearers", "parley streams -o json | jq '.[].hearers[]?'"],
  })
    .option("--hearers", "show who reads, and how much waits for them", false)
    .action(async (options) => (await import("../operator/streams.ts")).streams(options));
}
