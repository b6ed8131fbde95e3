// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";

/**
 * Plain data as text: what JSON holds, and bigint, bytes and dates, which protobuf messages are made of. For snapshots and
 * stored replies.
 *
 * @throws MeshError COMMIT_INVALID for what would not come back as it was: functions, symbols, instances of classes
 */
export function encodePlain(value: unknown): string {
  return JSON.stringify(tagged(value, "the value")) ?? "null";
}

/** The value that {@link encodePlain} wrote. */
export function decodePlain(text: string): unknown {
  return untagged(JSON.parse(text));
}

const tag = "$plain";

function tagged(value: unknown, where: string): unknown {
  switch (typeof value) {
    case "bigint":
      return { [tag]: "bigint", value: String(value) };
    case "number":
      return Number.isFinite(value) ? value : { [tag]: "number", value: String(value) };
    case "undefined":
      return { [tag]: "undefined" };
    case "string":
    case "boolean":
      return value;
    case "object":
      return taggedObject(value, where);
    default:
      throw notPlain(where, typeof value);
  }
}

function taggedObject(value: object | null, where: string): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((element, index) => tagged(element, `${where}[${index}]`));
  if (value instanceof Uint8Array) return { [tag]: "bytes", value: Buffer.from(value).toString("base64") };
  if (value instanceof Date) return { [tag]: "date", value: value.getTime() };
  if (value instanceof Map) return { [tag]: "map", value: tagged([...value], where) };
  if (value instanceof Set) return { [tag]: "set", value: tagged([...value], where) };
  // Messages have a prototype of their own, without a constructor of their own.
  if (value.constructor !== Object && value.constructor !== undefined && !("$typeName" in value)) {
    throw notPlain(where, `an instance of ${value.constructor.name}`);
  }
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  const plain = Object.fromEntries(entries.map(([name, member]) => [name, tagged(member, `${where}.${name}`)]));
  return tag in value ? { [tag]: "object", value: plain } : plain;
}

function untagged(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(untagged);
  if (tag in value && "value" in value && value[tag] !== "object") return untag(value[tag], value.value);
  if (tag in value && value[tag] === "undefined") return undefined;
  const inner = tag in value && "value" in value ? (value.value as object) : value;
  return Object.fromEntries(Object.entries(inner).map(([name, member]) => [name, untagged(member)]));
}

function untag(kind: unknown, value: unknown): unknown {
  switch (kind) {
    case "bigint":
      return BigInt(String(value));
    case "number":
      return Number(value);
    case "bytes":
      return new Uint8Array(Buffer.from(String(value), "base64"));
    case "date":
      return new Date(Number(value));
    case "map":
      return new Map(untagged(value) as [unknown, unknown][]);
    default:
      return new Set(untagged(value) as unknown[]);
  }
}

function notPlain(where: string, what: string): MeshError {
  const message = `${where} is ${what}; states and replies of commits must be plain data, since they are stored`;
  return new MeshError({ code: "COMMIT_INVALID", message });
}
