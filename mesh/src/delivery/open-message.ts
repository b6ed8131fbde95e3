// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, fromBinary, fromJsonString, type Message } from "@bufbuild/protobuf";
import type { PulledMessage } from "../broker/pulled-message.ts";
import type { MessageHeader } from "../header.ts";
import { readHeader } from "../header-codec.ts";
import { MeshError } from "../mesh-error.ts";

/** What a message is on the wire, stored or not. */
export type Wire = Pick<PulledMessage, "subject" | "headers" | "payload">;

/** A message, opened: what was on the wire as header and typed payload. */
export interface Opened {
  readonly header: MessageHeader;
  readonly message: Message;
}

/**
 * Opens a message as `type`.
 *
 * @throws MeshError UNKNOWN_TYPE when it says it is something else, UNDECODABLE when it is not what it says. Both stay
 *   true however often it is tried.
 */
export function openMessage(pulled: Wire, type: DescMessage): Opened {
  const header = readHeader((name) => pulled.headers.get(name));
  if (header === undefined) throw undecodable(pulled, "it has no ce-id header");
  if (header.messageType !== type.typeName) {
    throw new MeshError({
      code: "UNKNOWN_TYPE",
      message: `message "${header.messageId}" on "${pulled.subject}" is a "${header.messageType}", expected "${type.typeName}"`,
    });
  }
  const format = formatOf(pulled);
  try {
    const message =
      format === "json"
        ? fromJsonString(type, new TextDecoder("utf-8", { fatal: true }).decode(pulled.payload), jsonOptions)
        : fromBinary(type, pulled.payload, { recursionLimit });
    return { header, message };
  } catch (cause) {
    throw undecodable(pulled, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** Messages nest no deeper than this, as on calls. */
const recursionLimit = 32;
/** As on calls inside the mesh: a sender may be newer than its hearer. */
const jsonOptions = { ignoreUnknownFields: true, recursionLimit } as const;

const formats: ReadonlyMap<string, "protobuf" | "json"> = new Map([
  ["application/protobuf", "protobuf"],
  ["application/x-protobuf", "protobuf"],
  ["application/vnd.google.protobuf", "protobuf"],
  ["application/json", "json"],
]);

/** The format that the message says, protobuf when it says nothing. */
function formatOf(pulled: Wire): "protobuf" | "json" {
  const contentType = pulled.headers.get("ce-datacontenttype") || "application/protobuf";
  const [mediaType = ""] = contentType.split(";");
  const format = formats.get(mediaType.trim().toLowerCase());
  if (format === undefined) {
    const shown = JSON.stringify(contentType.slice(0, 80));
    throw undecodable(
      pulled,
      `header "ce-datacontenttype" is ${shown}, expected application/protobuf or application/json`,
    );
  }
  return format;
}

function undecodable(pulled: Wire, why: string, cause?: unknown): MeshError {
  return new MeshError({
    code: "UNDECODABLE",
    message: `message on "${pulled.subject}" cannot be read: ${why}`,
    cause,
  });
}
