// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  type JsonValue,
  type Registry,
} from "@bufbuild/protobuf";
import { field as fieldOption, Sensitivity } from "@parley/contracts/parley/mesh/v1/policy_pb.js";

/** A message in ProtoJSON without what must not be seen. */
export interface Redacted {
  readonly json: JsonValue;
  /** What stood there: of `[redacted:1]` the first, and so on. */
  readonly hidden: readonly JsonValue[];
}

/**
 * Puts `[redacted:n]` in the place of every field that its contract calls SENSITIVE, however deep it is, inside of an Any too.
 * The numbers follow from the message alone, so {@link restore} finds the values again.
 */
export function redact(type: DescMessage, json: JsonValue, registry: Registry): Redacted {
  const hidden: JsonValue[] = [];
  const hide = (value: JsonValue): JsonValue => `[redacted:${hidden.push(value)}]`;
  return { json: walk(type, json, { registry, hide }), hidden };
}

/** The same JSON, edited or not, with the hidden values where their placeholders stand. */
export function restore(json: JsonValue, hidden: readonly JsonValue[]): JsonValue {
  if (typeof json === "string") {
    const [, number] = /^\[redacted:(\d{1,9})\]$/.exec(json) ?? [];
    return number === undefined ? json : (hidden[Number(number) - 1] ?? json);
  }
  if (Array.isArray(json)) return json.map((one) => restore(one, hidden));
  if (!isObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, restore(value, hidden)]));
}

/** Whether a message of this type may hold anything SENSITIVE. */
export function mayBeSensitive(type: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  return type.fields.some((field) => {
    const inner = messageOf(field);
    return isSensitive(field) || inner?.typeName === anyType || (inner !== undefined && mayBeSensitive(inner, seen));
  });
}

interface Walk {
  readonly registry: Registry;
  readonly hide: (value: JsonValue) => JsonValue;
}

const anyType = "google.protobuf.Any";

function walk(type: DescMessage, json: JsonValue, how: Walk): JsonValue {
  if (!isObject(json)) return json;
  if (type.typeName === anyType) {
    const inner = how.registry.getMessage(
      String(json["@type"] ?? "")
        .split("/")
        .at(-1) ?? "",
    );
    return inner === undefined ? json : walk(inner, json, how);
  }
  // In JSON the well-known types are something else than their fields.
  if (type.typeName.startsWith("google.protobuf.")) return json;
  const fields = new Map(type.fields.map((field) => [field.jsonName, field]));
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const field = fields.get(name);
      return [name, field === undefined ? value : walkField(field, value, how)];
    }),
  );
}

function walkField(field: DescField, value: JsonValue, how: Walk): JsonValue {
  if (isSensitive(field)) return how.hide(value);
  const inner = messageOf(field);
  if (inner === undefined) return value;
  if (field.fieldKind === "list" && Array.isArray(value)) return value.map((one) => walk(inner, one, how));
  if (field.fieldKind === "map" && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, walk(inner, one, how)]));
  }
  return walk(inner, value, how);
}

function messageOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === "scalar" || field.fieldKind === "enum" ? undefined : field.message;
}

function isSensitive(field: DescField): boolean {
  return hasOption(field, fieldOption) && getOption(field, fieldOption).sensitivity === Sensitivity.SENSITIVE;
}

function isObject(json: JsonValue): json is { [name: string]: JsonValue } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
