// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Command, InvalidArgumentError } from "commander";
import { UsageError } from "../usage-error.ts";

/** `parley up`. */
export function upCommand(): Command {
  return new Command("up")
    .summary("start the project's agents with broker and gateway")
    .description(
      'Starts the agents that "parley" in the nearest package.json names, with a broker, a public door and an operator\'s ' +
        "door, all on loopback. Prints `ready http://localhost:N` once everything answers, and stays up until Ctrl-C.",
    )
    .option("--demo", "carry out the project's demo conversation and show it")
    .option("--exit", "end after the demo; exit code 1 when it failed (without --demo: end once ready)")
    .option("--port <number>", "public port, 0: a free one (default: PARLEY_PORT, else 8080)", portArgument)
    .option(
      "--address <ip>",
      "address of the public door (default: 127.0.0.1, this machine only). " +
        "Callers are not asked who they are: whoever reaches it may call every public method",
    )
    .option("--state <folder>", "where streams are kept (default: PARLEY_STATE, else .parley in the project)")
    .option("--processes", "every agent in a process of its own")
    .option("--empty", "do not fill a fresh mesh with the project's sample data")
    .addHelpText(
      "after",
      `
Environment:
  PARLEY_NATS_URL   use this broker instead of starting one
  NATS_SERVER       path of the nats-server to start
  PARLEY_LOG        debug, info, warn (default), error or silent
  OTEL_EXPORTER_OTLP_ENDPOINT   where traces and metrics are sent

Examples:
  parley up
  parley up --demo --exit              show the demo and end
  parley up --processes --port 0       one process per agent, on a free port
  parley up --state /var/lib/parley`,
    )
    .action(async (options) => {
      const { up } = await import("../up/up.ts");
      process.exitCode = await up({ ...options, port: options.port ?? environmentPort() });
    });
}

function portArgument(text: string): number {
  const port = portNumber(text);
  if (port === undefined) throw new InvalidArgumentError("Write a number from 0 to 65535; 0 takes a free port.");
  return port;
}

function environmentPort(): number {
  const text = process.env["PARLEY_PORT"];
  if (!text) return 8080;
  const port = portNumber(text);
  if (port === undefined) throw new UsageError(`PARLEY_PORT is "${text}", which is no port from 0 to 65535`);
  return port;
}

function portNumber(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
}
