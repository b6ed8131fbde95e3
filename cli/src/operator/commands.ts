// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Command, CommandService, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { Priority } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import { jsonText, jsonValue } from "../commands/json-argument.ts";
import type { OutputFormat } from "../commands/output-option.ts";
import { commandJson } from "../terminal/command-json.ts";
import { commandLines, commandStateName, commandsTable } from "../terminal/command-text.ts";
import { interruption } from "../terminal/interruption.ts";
import { show } from "../terminal/show.ts";
import { styleFor } from "../terminal/style.ts";
import { meshClient } from "./mesh-client.ts";
import { meshContracts } from "./mesh-contracts.ts";
import { methodNamed } from "./method-named.ts";
import type { AuthorChoice, OperatorChoice } from "./operator-choice.ts";
import { readPages, tellMore } from "./pages.ts";

/** Which commands are listed. */
export interface ListChoice extends OperatorChoice {
  readonly agent?: string | undefined;
  readonly method?: string | undefined;
  readonly batch?: string | undefined;
  readonly status?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
}

/** How a command is dispatched. */
export interface DispatchChoice extends OperatorChoice {
  /** Milliseconds since the epoch. */
  readonly at?: number | undefined;
  readonly priority?: string | undefined;
  readonly key?: string | undefined;
  readonly batch?: string | undefined;
  readonly conversation?: string | undefined;
}

/** Most commands of one answer. */
const mostAtOnce = 1_000;

/** Prints commands, newest first. */
export async function listCommands({ output, limit, since, until, ...choice }: ListChoice): Promise<void> {
  const client = meshClient(CommandService, choice);
  const { agent = "", batch: batchId = "" } = choice;
  const method = choice.method === undefined ? "" : methodNamed(await meshContracts(choice), choice.method).name;
  const asked = { agent, method, batchId, state: stateOf(choice.status), since: time(since), until: time(until) };
  const listed = await readPages(async (pageToken, left) => {
    const request = { ...given(asked), pageToken, pageSize: Math.min(left, mostAtOnce) };
    const { commands, nextPageToken } = await client.listCommands(request);
    return { items: commands, nextPageToken };
  }, limit);
  show(output, {
    json: () => listed.items.map(commandJson),
    table: (style) => commandsTable(listed.items, style),
  });
  tellMore(listed, limit);
}

/** Prints one command. */
export async function showCommand(id: string, { output, ...choice }: OperatorChoice): Promise<void> {
  print(output, (await meshClient(CommandService, choice).getCommand({ id })).command);
}

/** Prints a command, then each of its changes, until it has ended. */
export async function watchCommand(id: string, { output, ...choice }: OperatorChoice): Promise<void> {
  const signal = interruption();
  let last: Command | undefined;
  try {
    for await (const { command } of meshClient(CommandService, choice).watchCommand({ id }, { signal })) {
      if (command === undefined) continue;
      last = command;
      const line = output === "json" ? JSON.stringify(commandJson(command)) : watchLine(command);
      process.stdout.write(`${line}\n`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return;
  }
  if (last?.state !== CommandState.DONE) process.exitCode = 1;
}

/** Takes a command back and prints it as it is then. */
export async function cancelCommand(id: string, { output, author, ...choice }: AuthorChoice): Promise<void> {
  print(output, (await meshClient(CommandService, choice).cancelCommand({ id, author })).command);
}

/** Dispatches a method and prints the command. */
export async function dispatchCommand(name: string, json: string, choice: DispatchChoice): Promise<void> {
  const { output, at, priority, key = "", batch: batchId = "", conversation: conversationId = "" } = choice;
  const text = jsonText(json);
  jsonValue(text);
  const { name: method } = methodNamed(await meshContracts(choice), name);
  const { command } = await meshClient(CommandService, choice).dispatch({
    ...{ method, json: text, key, batchId, conversationId },
    priority: priorities.get(priority ?? "") ?? Priority.UNSPECIFIED,
    ...given({ at: time(at) }),
  });
  print(output, command);
}

function print(output: OutputFormat, command: Command | undefined): void {
  if (command === undefined) return;
  show(output, { json: () => commandJson(command), table: (style) => commandLines(command, style) });
}

function watchLine(command: Command): string {
  const { bold, dim } = styleFor(process.stdout);
  const tries = command.attempts > 1 ? dim(`  try ${command.attempts}`) : "";
  const asked = command.cancelRequested && command.state === CommandState.RUNNING ? dim("  asked to stop") : "";
  const why = command.error === undefined ? "" : `  ${command.error.code}: ${command.error.message}`;
  return `${bold(commandStateName(command))}${tries}${asked}${why}`;
}

const priorities: ReadonlyMap<string, Priority> = new Map([
  ["low", Priority.LOW],
  ["medium", Priority.MEDIUM],
  ["high", Priority.HIGH],
  ["critical", Priority.CRITICAL],
]);

function stateOf(name: string | undefined): CommandState {
  const wanted = name?.toUpperCase();
  const states = Object.values(CommandState).filter((state) => typeof state === "number");
  return states.find((state) => CommandState[state] === wanted) ?? CommandState.UNSPECIFIED;
}

function time(ms: number | undefined) {
  return ms === undefined ? undefined : timestampFromMs(ms);
}

/** Without what is unset. */
function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
