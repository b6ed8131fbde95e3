// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, fromBinary, fromJsonString, type Message } from "@bufbuild/protobuf";
import type { PulledMessage } from "../broker/pulled-message.ts";
import type { MessageHeader } from "../header.ts";
import { readHeader } from "../header-codec.ts";
import { MeshError } from "../mesh-error.ts";

/** A stored message, opened: what was on the wire as header and typed payload. */
export interface Opened {
  readonly header: MessageHeader;
  readonly message: Message;
}

/**
 * Opens a stored message as `type`.
 *
 * @throws MeshError UNKNOWN_TYPE when it says it is something else, UNDECODABLE when it is not what it says. Both stay
 *   true however often it is tried.
 */
export function openMessage(pulled: PulledMessage, type: DescMessage): Opened {
  const header = readHeader((name) => pulled.headers.get(name));
  if (header === undefined) throw undecodable(pulled, "it has no ce-id header");
  if (header.messageType !== type.typeName) {
    throw new MeshError({
      code: "UNKNOWN_TYPE",
      message: `message "${header.messageId}" on "${pulled.subject}" is a "${header.messageType}", expected "${type.typeName}"`,
    });
  }
  try {
    const json = pulled.headers.get("ce-datacontenttype")?.startsWith("application/json");
    const message = json
      ? fromJsonString(type, new TextDecoder().decode(pulled.payload))
      : fromBinary(type, pulled.payload);
    return { header, message };
  } catch (cause) {
    throw undecodable(pulled, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function undecodable(pulled: PulledMessage, why: string, cause?: unknown): MeshError {
  return new MeshError({
    code: "UNDECODABLE",
    message: `message on "${pulled.subject}" cannot be read: ${why}`,
    cause,
  });
}
