// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, Option } from "commander";
import { authorOption } from "./author-option.ts";
import { countArgument } from "./count-argument.ts";
import { dueArgument } from "./due-argument.ts";
import { momentArgument } from "./moment-argument.ts";
import { commandGroup, operatorCommand } from "./operator-command.ts";

const states = ["accepted", "scheduled", "running", "retrying", "done", "failed", "expired", "cancelled"];

/** `parley commands`. */
export function commandsCommand(): Command {
  return commandGroup("commands", "durable commands: dispatch, follow, cancel, list", [
    list(),
    show(),
    watch(),
    cancel(),
    dispatch(),
  ]);
}

const load = () => import("../operator/commands.ts");

function list(): Command {
  return operatorCommand({
    name: "list",
    summary: "list commands, newest first",
    description: "Lists commands: first those that have not begun, then the others, those that changed last first.",
    examples: [
      "parley commands list",
      "parley commands list --status failed --since 2h",
      "parley commands list --batch b-7 -o json | jq 'group_by(.state) | map({(.[0].state): length}) | add'",
    ],
  })
    .option("--agent <name>", "only those that this agent runs")
    .option("--method <method>", "only those of this method: package.Service/Method")
    .option("--batch <id>", "only those of this batch")
    .addOption(new Option("--status <state>", "only those in this state").choices(states))
    .option("--since <time>", "only those that changed since: 2h, or 2026-11-21T10:00:00Z", momentArgument)
    .option("--until <time>", "only those that changed before", momentArgument)
    .option("--limit <count>", "at most this many", countArgument(100_000), 100)
    .action(async (options) => (await load()).listCommands(options));
}

function show(): Command {
  return operatorCommand({
    name: "show <id>",
    summary: "show one command with its reply or error",
    description: "Shows how far a command is, with its reply when it is done, and with its last error when it is not.",
    examples: ["parley commands show 019a2b3c-0000-7000-8000-000000000000"],
  }).action(async (id, options) => (await load()).showCommand(id, options));
}

function watch(): Command {
  return operatorCommand({
    name: "watch <id>",
    summary: "follow one command to its end",
    description: "Follows a command until it has ended. Exits with 1 when it was not done.",
    examples: ["parley commands watch 019a2b3c-0000-7000-8000-000000000000"],
  }).action(async (id, options) => (await load()).watchCommand(id, options));
}

function cancel(): Command {
  return operatorCommand({
    name: "cancel <id>",
    summary: "take a command back",
    description:
      "Takes a command back, so that it is not run. One that runs is asked to stop. Exits with 1 when it has ended otherwise.",
    examples: ["parley commands cancel 019a2b3c-0000-7000-8000-000000000000 --author ada"],
  })
    .addOption(authorOption("--author <name>", "who takes it back"))
    .action(async (id, options) => (await load()).cancelCommand(id, options));
}

function dispatch(): Command {
  return operatorCommand({
    name: "dispatch <method> [json]",
    summary: "have a method run as a durable command",
    description:
      "Dispatches a method by hand, checked against its contract, which must have a command policy. Prints the command when it " +
      "is stored.",
    examples: [
      `parley commands dispatch ProviderAgentService/ExpireHold '{"providerId":"prov_dr_smith","holdId":"h-17"}'`,
      "parley commands dispatch ProviderAgentService/ExpireHold @request.json --at 2h --batch b-7",
    ],
  })
    .option("--at <time>", "when it is to be run: in 2h, or 2026-11-21T10:00:00Z", dueArgument)
    .addOption(new Option("--priority <priority>", "its lane").choices(["low", "medium", "high", "critical"]))
    .option("--key <key>", "what it is about")
    .option("--batch <id>", "list it with others that say the same")
    .option("--conversation <id>", "conversation that it belongs to")
    .action(async (method, json, options) => (await load()).dispatchCommand(method, json ?? "{}", options));
}
