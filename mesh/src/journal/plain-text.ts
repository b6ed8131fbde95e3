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
  return JSON.stringify(tagged(value, { where: "the value", within: [] }));
}

/** The value that {@link encodePlain} wrote. */
export function decodePlain(text: string): unknown {
  return untagged(JSON.parse(text));
}

const tag = "$plain";

/** Where in the value, for an error, and the objects around: one that holds itself would never end. */
interface Place {
  readonly where: string;
  readonly within: readonly object[];
}

function tagged(value: unknown, place: Place): unknown {
  switch (typeof value) {
    case "bigint":
      return { [tag]: "bigint", value: String(value) };
    case "number":
      return taggedNumber(value);
    case "undefined":
      return { [tag]: "undefined" };
    case "string":
    case "boolean":
      return value;
    case "object":
      return taggedObject(value, place);
    default:
      throw notPlain(place.where, `a ${typeof value}`);
  }
}

/** JSON has neither NaN nor the infinities, and loses the sign of -0. */
function taggedNumber(value: number): unknown {
  if (Object.is(value, -0)) return { [tag]: "number", value: "-0" };
  return Number.isFinite(value) ? value : { [tag]: "number", value: String(value) };
}

function taggedObject(value: object | null, { where, within }: Place): unknown {
  if (value === null) return null;
  if (within.includes(value)) throw notPlain(where, "an object that holds itself");
  const inside = [...within, value];
  const each = (member: unknown, name: string) => tagged(member, { where: `${where}${name}`, within: inside });
  if (Array.isArray(value)) return Array.from(value, (element, index) => each(element, `[${index}]`));
  if (value instanceof Uint8Array) return { [tag]: "bytes", value: Buffer.from(value).toString("base64") };
  if (value instanceof Date) return { [tag]: "date", value: taggedNumber(value.getTime()) };
  if (value instanceof Map) return { [tag]: "map", value: each([...value], "") };
  if (value instanceof Set) return { [tag]: "set", value: each([...value], "") };
  if (!isPlain(value)) throw notPlain(where, `an instance of ${value.constructor.name}`);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  const plain = Object.fromEntries(entries.map(([name, member]) => [name, each(member, `.${name}`)]));
  return tag in value ? { [tag]: "object", value: plain } : plain;
}

/** Messages have a prototype of their own. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || "$typeName" in value;
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
      return new Date(Number(untagged(value)));
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
