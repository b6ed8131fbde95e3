// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Attributes } from "@opentelemetry/api";
import { errorCodes } from "../error-codes.ts";
import type { MessageHeader } from "../header.ts";
import type { MeshError } from "../mesh-error.ts";
import { attribute, messagingSystem, ownAttribute, rpcSystem } from "./semantic-names.ts";

/** What a call is, in few distinct values. */
export function rpcIdentity(method: string): Attributes {
  return { [attribute.rpcSystem]: rpcSystem, [attribute.rpcMethod]: method };
}

/**
 * What is done with a message, in few distinct values. Subjects hold keys and ids, so the message type stands for the
 * destination.
 */
export function messagingIdentity(operation: "send" | "process", type: string): Attributes {
  return {
    [attribute.messagingSystem]: messagingSystem,
    [attribute.messagingOperation]: operation,
    [attribute.messagingOperationType]: operation,
    [attribute.messagingDestinationTemplate]: type,
  };
}

/** The common header. */
export function headerDetails(header: MessageHeader): Attributes {
  return {
    [ownAttribute.messageId]: header.messageId,
    [ownAttribute.correlationId]: header.correlationId,
    [ownAttribute.conversationId]: header.conversationId,
    [ownAttribute.source]: header.sourceAgentId,
    [ownAttribute.target]: header.targetAgentId,
    [ownAttribute.attempt]: header.attempt,
  };
}

/** The common header of a message at the broker. */
export function messageDetails(header: MessageHeader): Attributes {
  return {
    ...headerDetails(header),
    [attribute.messagingMessageId]: header.messageId,
    [attribute.messagingConversationId]: header.correlationId,
  };
}

/** A failed call at its caller: every code is an error. */
export function clientFailure(error: MeshError): Attributes {
  const status = errorCodes[error.code].connectCode;
  return { [attribute.rpcStatus]: status, [attribute.errorType]: status };
}

/** Codes that are the server's fault; the others are answers that the caller has to deal with. */
const serverFaults: ReadonlySet<string> = new Set([
  "unknown",
  "deadline_exceeded",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
]);

/**
 * A failed call at its handler.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/rpc/connect-rpc/#server
 */
export function serverFailure(error: MeshError): Attributes {
  const status = errorCodes[error.code].connectCode;
  return serverFaults.has(status) ? clientFailure(error) : { [attribute.rpcStatus]: status };
}

/** A failure to store or to handle a message. */
export function messagingFailure(error: MeshError): Attributes {
  return { [attribute.errorType]: error.code };
}
