// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { type Command, CommandSchema } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { commandStateName } from "./command-text.ts";

/** A command for programs: its state in one word, its reply as JSON. */
export function commandJson(command: Command): unknown {
  const json = toJson(CommandSchema, command);
  const { replyJson, ...rest } = typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
  const reply = typeof replyJson === "string" ? { reply: JSON.parse(replyJson) } : {};
  return { ...rest, state: commandStateName(command), ...reply };
}
