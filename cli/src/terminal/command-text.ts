// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { listLines } from "./list.ts";
import { moment } from "./moment.ts";
import type { Style } from "./style.ts";
import { tableLines } from "./table.ts";

/** The state of a command in one word. */
export function commandStateName({ state }: Command): string {
  return CommandState[state];
}

/** Commands as a table. */
export function commandsTable(commands: readonly Command[], style: Style): readonly string[] {
  const head = ["CHANGED", "STATE", "METHOD", "TRIES", "NEXT TRY", "ID", "ERROR"];
  return listLines({ head, rows: commands.map(row), right: [3], none: "no commands" }, style);
}

function row(command: Command): readonly string[] {
  const { updatedAt, method, attempts, id, error } = command;
  const short = method.slice(method.lastIndexOf(".") + 1);
  return [
    moment(updatedAt),
    commandStateName(command),
    short,
    String(attempts),
    nextTry(command),
    id,
    error?.code ?? "",
  ];
}

/** One command with everything that is known of it. */
export function commandLines(command: Command, { bold }: Style): readonly string[] {
  const facts: readonly (readonly [string, string])[] = [
    ["id", command.id],
    ["method", command.method],
    ["agent", command.agent],
    ["state", bold(commandStateName(command))],
    ["asked to stop", command.cancelRequested ? "yes" : ""],
    ["taken back by", command.cancelledBy],
    ["tries", String(command.attempts)],
    ["dispatched by", command.source],
    ["batch", command.batchId],
    ["dispatched", moment(command.createdAt)],
    ["due", moment(command.due)],
    ["begun", moment(command.startedAt)],
    ["next try", nextTry(command)],
    ["ended", moment(command.endedAt)],
    ["given up at", command.endedAt === undefined ? moment(command.expires) : ""],
    ["error", command.error === undefined ? "" : `${command.error.code}: ${command.error.message}`],
    ["dead letter", command.deadLetterId],
    ["reply", replyOf(command)],
  ];
  return tableLines(facts.filter(([, value]) => value !== ""));
}

function replyOf({ replyJson, replyBytes, replyDigest }: Command): string {
  if (replyJson !== "") return replyJson;
  return replyBytes === 0 ? "" : `${replyBytes} bytes, not kept (${replyDigest})`;
}

/** When it is tried next, first when it is due; empty when it has ended, or nobody waits for a time. */
function nextTry({ attempts, due, endedAt, nextAttemptAt }: Command): string {
  if (endedAt !== undefined) return "";
  return moment(nextAttemptAt ?? (attempts === 0 ? due : undefined));
}
