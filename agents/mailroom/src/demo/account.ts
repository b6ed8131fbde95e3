// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, type CommandService, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import type { Client } from "@parley/mesh";

/** What became of the commands of one method. */
export interface Account {
  readonly method: string;
  readonly accepted: number;
  readonly done: number;
  /** Taken over by another command: of another method, or corrected by an operator. */
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

/**
 * One account per method.
 *
 * @param letters ids of the dead letters that are still there
 */
export function accountsOf(commands: readonly Command[], letters: ReadonlySet<string>): readonly Account[] {
  return [...new Set(commands.map(({ method }) => method))].sort().map((method) => {
    const own = commands.filter((command) => command.method === method);
    const count = (holds: (command: Command) => boolean) => own.filter(holds).length;
    return {
      method: method.split("/").at(-1) ?? method,
      accepted: own.length,
      done: count(({ state }) => state === CommandState.DONE),
      handedOn: count((command) => gaveUp(command) && !letters.has(command.deadLetterId)),
      dead: count((command) => gaveUp(command) && letters.has(command.deadLetterId)),
      waiting: count(({ state }) => waits.has(state)),
    };
  });
}

function gaveUp({ state }: Command): boolean {
  return state === CommandState.FAILED || state === CommandState.EXPIRED;
}

const waits: ReadonlySet<CommandState> = new Set([
  CommandState.ACCEPTED,
  CommandState.SCHEDULED,
  CommandState.RUNNING,
  CommandState.RETRYING,
]);
