// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { Command } from "commander";
import { agentsCommand } from "./commands/agents.ts";
import { callCommand } from "./commands/call.ts";
import { commandsCommand } from "./commands/commands.ts";
import { contractsCommand } from "./commands/contracts.ts";
import { demoCommand } from "./commands/demo.ts";
import { dlqCommand } from "./commands/dlq.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { lintCommand } from "./commands/lint.ts";
import { maintenanceCommand } from "./commands/maintenance.ts";
import { newCommand } from "./commands/new.ts";
import { overlayCommand } from "./commands/overlay.ts";
import { publishCommand } from "./commands/publish.ts";
import { replayCommand } from "./commands/replay.ts";
import { sagasCommand } from "./commands/sagas.ts";
import { streamsCommand } from "./commands/streams.ts";
import { tailCommand } from "./commands/tail.ts";
import { traceCommand } from "./commands/trace.ts";
import { upCommand } from "./commands/up.ts";

/** The command line. Each command's file says how it is called; what it does is loaded only when it is. */
export function program(): Command {
  const parley = new Command("parley")
    .description("A typed agent mesh: start it, call it, watch it.")
    .version(version(), "-v, --version")
    .addCommand(upCommand())
    .addCommand(demoCommand())
    .addCommand(callCommand())
    .addCommand(publishCommand())
    .addCommand(tailCommand())
    .addCommand(commandsCommand())
    .addCommand(sagasCommand())
    .addCommand(contractsCommand())
    .addCommand(agentsCommand())
    .addCommand(overlayCommand())
    .addCommand(traceCommand())
    .addCommand(streamsCommand())
    .addCommand(dlqCommand())
    .addCommand(replayCommand())
    .addCommand(doctorCommand())
    .addCommand(maintenanceCommand())
    .addCommand(lintCommand())
    .addCommand(newCommand())
    .showHelpAfterError("(parley --help shows all commands)")
    .addHelpText(
      "after",
      `
Examples:
  parley up --demo                start the project's agents, show a conversation, stay up
  parley contracts                what can be called and heard, and under which terms
  parley call UserAgentService/Converse '{"userId":"ada","text":"Book a doctor for tomorrow afternoon"}'
  parley tail                     events as they are published

Commands find the mesh by --url or PARLEY_URL, else by the state folder of \`parley up\`:
--state, PARLEY_STATE, or .parley in the project.

Exit codes: 0 it is done, 1 it is not or not all of it, 130 it was interrupted.`,
    );
  // Commander says "error:"; all errors shall begin in one way.
  const outputError = (text: string, write: (text: string) => void) => write(text.replace(/^error:/, "parley:"));
  for (const command of withSubcommands(parley)) command.configureOutput({ outputError }).exitOverride();
  return parley;
}

/** A command and all below it. */
export function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";
}
