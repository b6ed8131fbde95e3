// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Command } from "commander";
import { withMeshOptions } from "./mesh-options.ts";
import { timeArgument } from "./time-argument.ts";

/** `parley call`. */
export function callCommand(): Command {
  return withMeshOptions(
    new Command("call")
      .summary("call a method of a running mesh")
      .description(
        "Calls a method of a running mesh and prints its answer as JSON; a stream prints one line per message. " +
          "Errors go to standard error, with exit code 1.",
      )
      .argument("<method>", "package.Service/Method, or the end of it where that is clear: Service/Method, Method")
      .argument("[json]", "request; @file reads it from a file, - from standard input", "{}"),
  )
    .option(
      "--timeout <time>",
      "longest wait, e.g. 500ms, 2s, 1m (default: what the contract says); a stream ends then, with exit code 0",
      timeArgument,
    )
    .option("--conversation <id>", "conversation that the call belongs to")
    .addHelpText(
      "after",
      `
Examples:
  parley call UserAgentService/Converse '{"userId":"ada","text":"Book a doctor for tomorrow afternoon"}'
  parley call ListProviders
  parley call QueryAvailability @request.json --timeout 2s
  parley call WatchNotifications '{"userId":"ada"}'          a stream: one line per message, until Ctrl-C
  parley call ListProviders --url http://localhost:8080      through the public door`,
    )
    .action(async (method, json, options) => {
      const { call } = await import("../operator/call.ts");
      await call(method, json, options);
    });
}
