// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, Option } from "commander";
import { authorOption } from "./author-option.ts";
import { countArgument } from "./count-argument.ts";
import { momentArgument } from "./moment-argument.ts";
import { commandGroup, operatorCommand } from "./operator-command.ts";

const statuses = ["running", "compensating", "needs-attention", "completed", "compensated", "resolved"] as const;
const id = "test.trips/trip/t-17";

/** `parley sagas`. */
export function sagasCommand(): Command {
  const list = operatorCommand({
    name: "list",
    summary: "list sagas: those that are not over first",
    description:
      "Lists sagas, those that are not over first, each newest change first. Sagas that are over stay in the list for a week; " +
      "`parley sagas show` knows them for ever.",
    examples: [
      "parley sagas list",
      "parley sagas list --status needs-attention",
      "parley sagas list --saga trip --since 2h -o json | jq -r '.[].sagaId'",
    ],
  })
    .option("--agent <name>", "only of this agent")
    .option("--saga <name>", "only of this name")
    .addOption(new Option("--status <status...>", "only those that stand so").choices(statuses))
    .option("--since <time>", "changed since then, e.g. 2h or 2026-11-21T10:00:00Z", momentArgument)
    .option("--until <time>", "changed before then", momentArgument)
    .option("--limit <count>", "at most this many", countArgument(100_000), 50)
    .action(async (options) => (await import("../operator/sagas/list.ts")).listSagas(options));
  const show = operatorCommand({
    name: "show <id>",
    summary: "show a saga with its history",
    description:
      "Shows a saga and the history of its newest run, with times: steps, tries, waits, undos, and who asked for what.",
    examples: [`parley sagas show ${id}`, `parley sagas show ${id} -o json | jq '.records[-1]'`],
  }).action(async (which, options) => (await import("../operator/sagas/show.ts")).showSaga(which, options));
  const retry = operatorCommand({
    name: "retry <id>",
    summary: "let a saga go on that needs attention",
    description:
      "Lets a saga go on that needs attention, where it stands: its code, when that was put right, or the undo that failed.",
    examples: [`parley sagas retry ${id} --note "the carrier is back"`],
  })
    .option("--note <text>", "why; stands in its history", "")
    .addOption(authorOption("--by <name>", "who asks for it"))
    .action(async (which, options) => (await import("../operator/sagas/ask.ts")).retrySaga(which, options));
  const resolve = operatorCommand({
    name: "resolve <id>",
    summary: "end a saga by hand that needs attention",
    description:
      "Takes a saga that needs attention for ended: somebody has put right by hand what it could not. Nothing is undone.",
    examples: [`parley sagas resolve ${id} --note "refunded by hand, ticket 4711"`],
  })
    .requiredOption("--note <text>", "what was done about it; stands in its history")
    .addOption(authorOption("--by <name>", "who asks for it"))
    .action(async (which, options) => (await import("../operator/sagas/ask.ts")).resolveSaga(which, options));
  const cancel = operatorCommand({
    name: "cancel <id>",
    summary: "have a saga undo what it did and end",
    description:
      "Has a saga undo what it did and end. Calls that are under way are waited for first; the command does not wait for the end.",
    examples: [`parley sagas cancel ${id} --note "the customer does not want it any more"`],
  })
    .option("--note <text>", "why; stands in its history", "")
    .addOption(authorOption("--by <name>", "who asks for it"))
    .action(async (which, options) => (await import("../operator/sagas/ask.ts")).cancelSaga(which, options));
  return commandGroup("sagas", "sagas: how they stand, and what to do about them", [
    list,
    show,
    retry,
    resolve,
    cancel,
  ]);
}
