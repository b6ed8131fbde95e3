// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { clone, create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Command, CommandSchema, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { Priority as WirePriority } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import { digestHeader } from "../broker/new-message.ts";
import { dueOf } from "../due.ts";
import type { MessageHeader } from "../header.ts";
import { batchHeader } from "../pipeline/command-message.ts";

/** A command's message, as far as its status is made of it. */
export interface CommandMessageFacts {
  readonly header: MessageHeader;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** Unset: the agent that the message names. */
  readonly agent?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A command of which nothing is known but its message: not begun, and not due yet or not come to its turn. */
export function notBegun({ header, headers, agent, now }: CommandMessageFacts): Command {
  const due = dueOf(headers);
  return create(CommandSchema, {
    id: header.messageId,
    method: header.name,
    agent: agent ?? header.targetAgentId ?? "unknown",
    state: due !== undefined && due > now ? CommandState.SCHEDULED : CommandState.ACCEPTED,
    source: header.sourceAgentId,
    batchId: decoded(headers.get(batchHeader)),
    priority: WirePriority[header.priority ?? "MEDIUM"],
    createdAt: timestampFromMs(header.timestamp),
    ...(due === undefined ? {} : { due: timestampFromMs(due) }),
    ...(header.expires === undefined ? {} : { expires: timestampFromMs(header.expires) }),
    updatedAt: timestampFromMs(header.timestamp),
    correlationId: header.correlationId,
    conversationId: header.conversationId ?? "",
    requestDigest: headers.get(digestHeader) ?? "",
  });
}

function decoded(value = ""): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** States that a command does not leave, but by a redrive of its dead letter. */
const ended: ReadonlySet<CommandState> = new Set([
  CommandState.DONE,
  CommandState.FAILED,
  CommandState.EXPIRED,
  CommandState.CANCELLED,
]);

/** Whether a command has come to its end. */
export function hasEnded({ state }: Command): boolean {
  return ended.has(state);
}

/** The command with a change of this moment; one that thereby ends says so. */
export function changed(command: Command, change: Partial<Command>, now: number): Command {
  const next = Object.assign(clone(CommandSchema, command), change, { updatedAt: timestampFromMs(now) });
  if (hasEnded(next)) next.endedAt = timestampFromMs(now);
  return next;
}
