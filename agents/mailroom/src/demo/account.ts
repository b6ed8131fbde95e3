// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, type CommandService, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import type { Client } from "@parley/mesh";

/** What became of the commands of one method. */
export interface Account {
  readonly method: string;
  readonly accepted: number;
  readonly done: number;
  /** Handed to another method. */
  readonly handedOn: number;
  readonly dead: number;
  readonly waiting: number;
}

/** All commands of some agents, as the mesh tells of them. */
export async function commandsOf(
  service: Client<typeof CommandService>,
  agents: readonly string[],
): Promise<readonly Command[]> {
  const found: Command[] = [];
  for (const agent of agents) {
    for (let pageToken = ""; ; ) {
      const page = await service.listCommands({ agent, pageSize: 100, pageToken });
      found.push(...page.commands);
      pageToken = page.nextPageToken;
      if (pageToken === "") break;
    }
  }
  return found;
}

/** One account per method, in the order in which they first come. */
export function accountsOf(commands: readonly Command[]): readonly Account[] {
  return [...new Set(commands.map(({ method }) => method))].sort().map((method) => {
    const own = commands.filter((command) => command.method === method);
    const count = (holds: (command: Command) => boolean) => own.filter(holds).length;
    return {
      method: method.split("/").at(-1) ?? method,
      accepted: own.length,
      done: count(({ state }) => state === CommandState.DONE),
      handedOn: 0,
      dead: count(({ state }) => state === CommandState.FAILED || state === CommandState.EXPIRED),
      waiting: count(({ state }) => waits.has(state)),
    };
  });
}

const waits: ReadonlySet<CommandState> = new Set([
  CommandState.ACCEPTED,
  CommandState.SCHEDULED,
  CommandState.RUNNING,
  CommandState.RETRYING,
]);
