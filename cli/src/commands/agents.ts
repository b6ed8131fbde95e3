// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, Option } from "commander";
import { commandGroup, operatorCommand } from "./operator-command.ts";

/** `parley agents list|show|watch`. */
export function agentsCommand(): Command {
  const list = filtered(
    operatorCommand({
      name: "list",
      summary: "who is there, how well, and how busy",
      description:
        "Lists the instances of a mesh that are alive, by agent and start. Several conditions must all be true.",
      examples: [
        "parley agents list",
        "parley agents list --role creative --capability sms",
        "parley agents list --service parley.scheduling.v1.UserAgentService -o json | jq '.[].profile.endpoint'",
      ],
    }),
  ).action(async (options) => (await import("../operator/agents.ts")).listAgents(options));
  const show = operatorCommand({
    name: "show <agent>",
    summary: "all that is known of an agent's instances",
    description:
      "Shows what the instances of an agent say of themselves, what they are doing and how well they are. Takes the name " +
      "of an agent or the id of one instance. Exits with 1 when there is none.",
    examples: ["parley agents show scheduling.user", "parley agents show scheduling.user -o json"],
  }).action(async (agent, options) => (await import("../operator/agents.ts")).showAgents(agent, options));
  const watch = filtered(
    operatorCommand({
      name: "watch",
      summary: "who comes, goes and changes, until Ctrl-C",
      description:
        "Shows every instance that is there, then each that comes, changes, leaves or is lost, until Ctrl-C. With -o json " +
        "one object per line.",
      examples: ["parley agents watch", "parley agents watch --name scheduling.user -o json | jq .change"],
    }),
  ).action(async (options) => (await import("../operator/agents.ts")).watchAgents(options));
  return commandGroup("agents", "who is in a mesh, and how well", [list, show, watch]);
}

function filtered(command: Command): Command {
  const roles = ["creative", "deterministic", "hybrid", "system"];
  const statuses = ["starting", "ready", "draining", "unhealthy"];
  return command
    .option("--name <agent>", "only this agent")
    .option("--service <name>", "only who serves it, by full name")
    .addOption(new Option("--role <role>", "only this role").choices(roles))
    .option("--capability <word>", "only who can be used for it, e.g. sms")
    .option("--skill <id>", "only who has this skill")
    .option("--tool <name>", "only who has this tool")
    .addOption(new Option("--status <status>", "only in this status").choices(statuses));
}
