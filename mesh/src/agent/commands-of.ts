// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, DescMethodUnary } from "@bufbuild/protobuf";
import type { Asking, CommandDesk } from "../commands/command-desk.ts";
import type { Dispatched, StoredCommand } from "../commands/stored-command.ts";

/** Gives stored commands by id, with or without their method. */
export interface CommandsById {
  (id: string): StoredCommand;
  <I extends DescMessage, O extends DescMessage>(id: string, method: DescMethodUnary<I, O>): Dispatched<O>;
}

/** Stored commands, asked for in one name. */
export function commandsOf(desk: CommandDesk, asking: Asking): CommandsById {
  function command(id: string): StoredCommand;
  function command<I extends DescMessage, O extends DescMessage>(
    id: string,
    method: DescMethodUnary<I, O>,
  ): Dispatched<O>;
  function command(id: string, method?: DescMethodUnary): StoredCommand {
    return method === undefined ? desk.command(id, asking) : desk.dispatched({ id, output: method.output }, asking);
  }
  return command;
}
