// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Command } from "commander";
import { countArgument } from "./count-argument.ts";
import { withLetterFilter } from "./letter-filter-options.ts";
import { commandGroup, operatorCommand } from "./operator-command.ts";

/** `parley dlq`. */
export function dlqCommand(): Command {
  const summary = "dead letters: messages that were given up, and what to do with them";
  return commandGroup("dlq", summary, [
    listCommand(),
    showCommand(),
    editCommand(),
    redriveCommand(),
    discardCommand(),
  ]);
}

function listCommand(): Command {
  const command = operatorCommand({
    name: "list",
    summary: "list dead letters, newest first",
    description: "Lists dead letters, newest first: who gave up on what, when and why.",
    examples: [
      "parley dlq list",
      "parley dlq list --agent scheduling.user --since 2h",
      "parley dlq list --code UNDECODABLE -o json | jq -r '.[].id'",
    ],
  });
  return withLetterFilter(command)
    .option("--limit <count>", "at most this many", countArgument(100_000), 50)
    .action(async (options) => {
      const { listLetters } = await import("../operator/dlq/list.ts");
      await listLetters(options);
    });
}

function showCommand(): Command {
  return operatorCommand({
    name: "show <id>",
    summary: "show a dead letter with its content",
    description:
      "Shows a dead letter: cause, tries, header and content, as JSON by the letter's own contract. What the contract calls " +
      "SENSITIVE is redacted.",
    examples: [
      "parley dlq show dDUo0XUkfzUkqbnAa_1vPg",
      "parley dlq show dDUo0XUkfzUkqbnAa_1vPg -o json | jq .message",
    ],
  }).action(async (id, options) => {
    const { showLetter } = await import("../operator/dlq/show.ts");
    await showLetter(id, options);
  });
}

function editCommand(): Command {
  return operatorCommand({
    name: "edit <id>",
    summary: "correct a dead letter and have it handled",
    description:
      "Opens the content of a dead letter in $VISUAL, $EDITOR or vi; when it is saved with a change, the hearer gets it under a " +
      'new id, which says whose place it takes ("redriveof"), and the letter is gone. What reads [redacted:1] keeps its value. ' +
      "Checked against the contract before anything is sent.",
    examples: [
      "parley dlq edit dDUo0XUkfzUkqbnAa_1vPg",
      `parley dlq edit dDUo0XUkfzUkqbnAa_1vPg --json '{"to":"+441632960961","text":"hello"}'`,
      "parley dlq edit dDUo0XUkfzUkqbnAa_1vPg --json @corrected.json --dry-run",
    ],
  })
    .option(
      "--json <json>",
      "the corrected content, instead of an editor; @file reads it from a file, - from standard input",
    )
    .option("--dry-run", "only check it and say what would be sent", false)
    .action(async (id, options) => {
      const { editLetter } = await import("../operator/dlq/edit.ts");
      await editLetter(id, options);
    });
}

function redriveCommand(): Command {
  const command = operatorCommand({
    name: "redrive [ids...]",
    summary: "have dead letters handled again, as they are",
    description:
      "Has dead letters handled again, each by the one hearer that gave it up, oldest first, under the ids they had: what was " +
      "handled by a commit is not handled again. The letters are gone when their messages are stored. Exits with 1 when some " +
      "could not be redriven.",
    examples: [
      "parley dlq redrive dDUo0XUkfzUkqbnAa_1vPg",
      "parley dlq redrive --agent scheduling.user --class UNAVAILABLE --dry-run",
      "parley dlq redrive --agent scheduling.user --class UNAVAILABLE --rate 10",
    ],
  });
  return withLetterFilter(command)
    .option("--all", "every letter there is", false)
    .option("--rate <count>", "at most this many in a second", countArgument(10_000), 50)
    .option("--force", "even what could not be decoded or is of a wrong type", false)
    .option("--dry-run", "only say what would be done", false)
    .action(async (ids, options) => {
      const { redriveLetters } = await import("../operator/dlq/many.ts");
      await redriveLetters(ids, options);
    });
}

function discardCommand(): Command {
  const command = operatorCommand({
    name: "discard [ids...]",
    summary: "give dead letters up for good",
    description:
      "Removes dead letters for a reason, which is kept with who gave it. There is no way back. Exits with 1 when some could not " +
      "be removed.",
    examples: [
      'parley dlq discard dDUo0XUkfzUkqbnAa_1vPg --reason "customer left"',
      'parley dlq discard --agent scheduling.user --until 7d --reason "too late to be sent" --dry-run',
    ],
  });
  return withLetterFilter(command)
    .requiredOption("--reason <text>", "why, for the record")
    .option("--all", "every letter there is", false)
    .option("--dry-run", "only say what would be done", false)
    .action(async (ids, options) => {
      const { discardLetters } = await import("../operator/dlq/many.ts");
      await discardLetters(ids, options);
    });
}
