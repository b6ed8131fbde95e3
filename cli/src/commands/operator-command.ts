// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Command } from "commander";
import { withMeshOptions } from "./mesh-options.ts";
import { outputOption } from "./output-option.ts";

/** How a command tells of itself. */
export interface CommandText {
  /** As it is typed, arguments included: `show <id>`. */
  readonly name: string;
  /** Half a line for the list of commands, lower-case, without a full stop. */
  readonly summary: string;
  /** Whole sentences: what it does, what it changes, what it prints, when it exits with 1. */
  readonly description: string;
  /** Whole command lines that work as they stand; at least one. */
  readonly examples: readonly string[];
}

/**
 * A command that looks into a running mesh or acts on it. All of them are alike, so that whoever knows one knows the next:
 *
 * - They find the mesh by `--url`, `--state`, PARLEY_URL or PARLEY_STATE, else the one that was started here: {@link MeshChoice}
 *   is what their action gets, `meshClient(Service, choice)` a client of any service of it.
 * - `-o table|json`: on standard output a table for people, or one JSON value for programs (a list is an array, also an empty
 *   one); what flows without end, as `tail` does, is one JSON object per line. Both by `show(choice.output, …)`.
 * - Standard output holds the answer alone. Progress of long work (`Progress`), hints and errors go to standard error.
 * - Ctrl-C (`interruption()`) ends long work in good order, and it says how far it came.
 * - Exit codes: 0 it is done; 1 it is not, or not all of it, or there was something to find fault with; 130 it was interrupted.
 *   Actions throw (UsageError, ConnectError, MeshError) and leave the telling to `showFailure`; they set `process.exitCode` where
 *   they have something to print all the same.
 * - Help ends with examples. Times are typed as `2h` or `2026-11-21T10:00:00Z` (`momentArgument`), lengths as `500ms`
 *   (`timeArgument`), JSON as itself, `@file` or `-` (`jsonText`).
 *
 * The file in `commands/` says how a command is called and imports what it does, from `operator/`, only when it is called.
 */
export function operatorCommand(text: CommandText): Command {
  return withMeshOptions(describedCommand(text)).addOption(outputOption());
}

/** A command with its texts and nothing else, for one that reaches no running mesh. */
export function describedCommand({ name, summary, description, examples }: CommandText): Command {
  const [first = "", ...args] = name.split(" ");
  const command = new Command(first).summary(summary).description(description);
  for (const argument of args) command.argument(argument);
  examplesOf.set(command, examples);
  return withExamples(command, examples);
}

/** Ends the help of a command with whole command lines. */
function withExamples(command: Command, examples: readonly string[]): Command {
  return command.addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}`);
}

/** The examples of each command that was described, for the group that it is in. */
const examplesOf = new WeakMap<Command, readonly string[]>();

/** Several commands under one noun: `parley dlq list`. Its help ends with the first example of each. */
export function commandGroup(name: string, summary: string, commands: readonly Command[]): Command {
  const group = new Command(name).summary(summary).description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`);
  for (const command of commands) group.addCommand(command);
  return withExamples(
    group,
    commands.flatMap((command) => examplesOf.get(command)?.slice(0, 1) ?? []),
  );
}
