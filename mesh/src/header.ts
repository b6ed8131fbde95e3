// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { newId } from "./ids.ts";
import { MeshError } from "./mesh-error.ts";

/** Order of service under load; mirrors parley.mesh.v1.Priority. */
export type Priority = "LOW" | "MEDIUM" | "HIGH" | "CRITICAL";

/** A message that went through more agents than this is taken for a loop. */
export const maxHops = 32;

/** The common header of every message, as it is inside a process; parley.mesh.v1.MessageHeader is its form on paper. */
export interface MessageHeader {
  readonly messageId: string;
  readonly correlationId: string;
  readonly causationId?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly workflowId?: string | undefined;
  readonly sourceAgentId: string;
  readonly targetAgentId?: string | undefined;
  /** Full proto name of the payload. */
  readonly messageType: string;
  /** Event name or `package.Service/Method`. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly priority?: Priority | undefined;
  /** Milliseconds since the epoch; unset: never. */
  readonly expires?: number | undefined;
  /** From 1. */
  readonly attempt: number;
  /** 0 on the first message of a flow. */
  readonly hops: number;
  /** The call is a step of a saga that has an undo: its commits are refused once it was undone. */
  readonly undoable?: boolean | undefined;
  /** The call undoes the step whose call had this message id: its commits keep that one from committing later. */
  readonly undoes?: string | undefined;
}

/** What the sender of a message says about it; the rest follows from its cause. */
export interface Outgoing {
  readonly messageId?: string | undefined;
  readonly sourceAgentId: string;
  readonly targetAgentId?: string | undefined;
  readonly messageType: string;
  readonly name: string;
  readonly timestamp: number;
  readonly conversationId?: string | undefined;
  readonly priority?: Priority | undefined;
  readonly expires?: number | undefined;
  readonly undoable?: boolean | undefined;
  readonly undoes?: string | undefined;
}

/**
 * The header of a message sent because of `cause` (undefined: of nothing). Correlation, conversation and workflow are
 * inherited, the cause's id becomes the causation id, hops grow by one.
 *
 * @throws MeshError LOOP when that is more than {@link maxHops}.
 */
export function headerFor(outgoing: Outgoing, cause?: MessageHeader): MessageHeader {
  const messageId = outgoing.messageId ?? newId();
  const hops = cause === undefined ? 0 : cause.hops + 1;
  if (hops > maxHops) {
    throw new MeshError({
      code: "LOOP",
      message: `"${outgoing.name}" would be hop ${hops} of flow "${cause?.correlationId}"; at most ${maxHops} are allowed`,
    });
  }
  return {
    ...outgoing,
    messageId,
    correlationId: cause?.correlationId ?? messageId,
    causationId: cause?.messageId,
    conversationId: outgoing.conversationId ?? cause?.conversationId,
    workflowId: cause?.workflowId,
    attempt: 1,
    hops,
  };
}
