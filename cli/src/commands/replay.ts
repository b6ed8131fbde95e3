// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Command } from "commander";
import { countArgument } from "./count-argument.ts";
import { momentArgument } from "./moment-argument.ts";
import { operatorCommand } from "./operator-command.ts";

/** `parley replay`. */
export function replayCommand(): Command {
  return operatorCommand({
    name: "replay <agent> <hearer>",
    summary: "have one hearer hear past events once more",
    description:
      "Sends past events that are still kept to one hearer, oldest first; no other hearer notices. They keep their ids, so a hearer " +
      "by commit handles only what it has not handled yet: a new one everything. With --again they have new ids and are handled " +
      "again. A handler without state runs again in both cases. Exits with 1 when some could not be sent.",
    examples: [
      "parley replay scheduling.user tell-user-confirmed --since 2h --dry-run",
      "parley replay scheduling.provider tell-provider-confirmed --event APPOINTMENT_CONFIRMED --rate 20",
      "parley replay scheduling.user tell-user-confirmed --key prov_dr_smith --since 2026-11-21T10:00:00Z --until 2026-11-21T11:00:00Z --again",
    ],
  })
    .option("--event <name>", "contract name, alias or full name (default: what it hears)")
    .option("--key <key>", "only events of this key")
    .option(
      "--since <time>",
      "published since then, e.g. 2h or 2026-11-21T10:00:00Z (default: the oldest)",
      momentArgument,
    )
    .option("--until <time>", "published before then (default: now)", momentArgument)
    .option("--again", "under new ids, so that what was handled is handled again", false)
    .option("--rate <count>", "at most this many in a second", countArgument(10_000), 100)
    .option("--name <name>", "name of the replay: the new ids follow from it (default: a new one, which is shown)")
    .option("--dry-run", "only say how many would be sent", false)
    .action(async (agent, hearer, options) => {
      const { replay } = await import("../operator/replay.ts");
      await replay({ agent, hearer }, options);
    });
}
