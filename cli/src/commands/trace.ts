// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, Option } from "commander";
import { momentArgument } from "./moment-argument.ts";
import { operatorCommand } from "./operator-command.ts";

/** `parley trace`. */
export function traceCommand(): Command {
  return operatorCommand({
    name: "trace <id>",
    summary: "what a conversation brought about, as a tree",
    description:
      "Reads the streams and shows every event, command and dead letter of a conversation, flow, saga or trace below what " +
      "caused it, with times. Calls are not stored: they are seen in a tracing backend under the trace id that is shown. " +
      "Exits with 1 when nothing is stored.",
    examples: [
      "parley trace 0199f1c2-7d6e-7c3a-9d2e-6b1f0a5c4e21",
      "parley trace conversation-7 --since 7d",
      "parley trace conversation-7 -o json | jq '.[] | select(.kind == \"RECORD_KIND_DEAD_LETTER\")'",
    ],
  })
    .addOption(
      new Option("--since <time>", "from when on streams are read, e.g. 2h or 2026-11-21T10:00:00Z")
        .argParser(momentArgument)
        .default(momentArgument("1d"), "1d"),
    )
    .action(async (id, options) => (await import("../operator/trace.ts")).trace(id, options));
}
