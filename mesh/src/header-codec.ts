// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MessageHeader, Priority } from "./header.ts";
import { MeshError } from "./mesh-error.ts";

/** What travels in headers beside the common header; it says something about the payload, not about the message. */
export interface PayloadAttributes {
  /** Business key of an event: `ce-subject`. */
  readonly key?: string | undefined;
  /** `ce-datacontenttype`. Not over HTTP, which has Content-Type. */
  readonly contentType?: string | undefined;
  /** Reference to the payload's descriptor: `ce-dataschema`. */
  readonly schema?: string | undefined;
}

const priorities: ReadonlyMap<string, Priority> = new Map([
  ["low", "LOW"],
  ["medium", "MEDIUM"],
  // Of older peers that know three.
  ["normal", "MEDIUM"],
  ["high", "HIGH"],
  ["critical", "CRITICAL"],
]);

/**
 * Writes a header as CloudEvents attributes, the same over NATS and HTTP: lower-case names, percent-encoded values. Older
 * peers find agent and conversation under `X-Agent-ID` and `X-Conversation-ID` too.
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md
 */
export function writeHeader(
  header: MessageHeader,
  set: (name: string, value: string) => void,
  payload: PayloadAttributes = {},
): void {
  const write = (name: string, value: string | undefined) => {
    if (value !== undefined) set(name, encodeHeaderValue(value));
  };
  write("ce-specversion", "1.0");
  write("ce-id", header.messageId);
  write("ce-source", header.sourceAgentId);
  write("ce-type", header.messageType);
  write("ce-time", new Date(header.timestamp).toISOString());
  write("ce-name", header.name);
  write("ce-target", header.targetAgentId);
  write("ce-correlationid", header.correlationId);
  write("ce-causationid", header.causationId);
  write("ce-conversationid", header.conversationId);
  write("ce-workflowid", header.workflowId);
  write("ce-priority", header.priority?.toLowerCase());
  write("ce-expirytime", header.expires === undefined ? undefined : new Date(header.expires).toISOString());
  write("ce-attempt", String(header.attempt));
  write("ce-hops", String(header.hops));
  write("ce-undoable", header.undoable === true ? "true" : undefined);
  write("ce-undoes", header.undoes);
  write("ce-subject", payload.key);
  write("ce-datacontenttype", payload.contentType);
  write("ce-dataschema", payload.schema);
  write("X-Agent-ID", header.sourceAgentId);
  write("X-Conversation-ID", header.conversationId);
}

/**
 * Reads the header that {@link writeHeader} or another CloudEvents sender wrote; undefined when there is no `ce-id`, so that
 * it is no mesh message at all. What CloudEvents leaves open gets the values of a first message: correlation by its own id,
 * attempt 1, no hops, the type as name, `receivedAt` as its time.
 *
 * @param get gives a header's value by its lower-case name; the carrier compares names without case
 * @throws MeshError UNDECODABLE naming header and value when one is missing or not what it must be.
 */
export function readHeader(
  get: (name: string) => string | null | undefined,
  receivedAt: number = Date.now(),
): MessageHeader | undefined {
  const read = (name: string): string | undefined => {
    const value = get(name);
    return value === null || value === undefined || value === "" ? undefined : decodeHeaderValue(name, value);
  };
  const messageId = read("ce-id");
  if (messageId === undefined) return undefined;
  const version = read("ce-specversion");
  if (version !== undefined && version !== "1.0") throw bad("ce-specversion", version, '"1.0"');
  const messageType = read("ce-type") ?? missing("ce-type", messageId);
  return {
    messageId,
    messageType,
    sourceAgentId: read("ce-source") ?? (get("x-agent-id") || undefined) ?? missing("ce-source", messageId),
    name: read("ce-name") ?? messageType,
    timestamp: time("ce-time", read("ce-time")) ?? receivedAt,
    targetAgentId: read("ce-target"),
    correlationId: read("ce-correlationid") ?? messageId,
    causationId: read("ce-causationid"),
    conversationId: read("ce-conversationid") ?? (get("x-conversation-id") || undefined),
    workflowId: read("ce-workflowid"),
    priority: priority(read("ce-priority")),
    expires: time("ce-expirytime", read("ce-expirytime")),
    attempt: count("ce-attempt", read("ce-attempt"), 1),
    hops: count("ce-hops", read("ce-hops"), 0),
    ...(read("ce-undoable") === "true" ? { undoable: true } : {}),
    ...(read("ce-undoes") === undefined ? {} : { undoes: read("ce-undoes") }),
  };
}

/** A text as a header value: everything but visible ASCII, and `"` and `%`, becomes percent-encoded UTF-8. */
export function encodeHeaderValue(value: string): string {
  return value.toWellFormed().replace(/[^\x21-\x7e]|["%]/gu, encodeURIComponent);
}

/**
 * The text that {@link encodeHeaderValue} wrote.
 *
 * @throws MeshError UNDECODABLE naming the header when it is no such value
 */
export function decodeHeaderValue(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw bad(name, value, "percent-encoded UTF-8");
  }
}

function time(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  // Date.parse alone also takes "1" and "May".
  const milliseconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw bad(name, value, 'an RFC 3339 time such as "2026-01-31T12:00:00Z"');
  return milliseconds;
}

function priority(value: string | undefined): Priority | undefined {
  if (value === undefined) return undefined;
  const found = priorities.get(value.toLowerCase());
  if (found === undefined) throw bad("ce-priority", value, "low, medium, high or critical");
  return found;
}

/** A whole number not below its value on a first message, which is also what an absent one means. */
function count(name: string, value: string | undefined, first: number): number {
  if (value === undefined) return first;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : -1;
  if (number < first) throw bad(name, value, `a whole number, at least ${first}`);
  return number;
}

function bad(name: string, value: string, expected: string): MeshError {
  const shown = JSON.stringify(value.slice(0, 80));
  return new MeshError({ code: "UNDECODABLE", message: `header "${name}" is ${shown}, expected ${expected}` });
}

function missing(name: string, messageId: string): never {
  throw new MeshError({ code: "UNDECODABLE", message: `message "${messageId}" has no header "${name}"` });
}
