// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Registry,
  ScalarType,
} from "@bufbuild/protobuf";
import { isTextMessage, violationsOf } from "@parley/mesh/contracts";

const maxDepth = 4;
/** Texts to try where a rule says what a text must look like. */
const texts = ["09:00", "17:00", "2026-03-02", "Europe/Berlin", "a@example.com", "https://example.com/", "a", "A", "1"];

/** Gives the JSON Schema of a field on its way in. */
type JsonSchemaOf = (field: DescField) => JsonObject;

/** Makes example messages that the rules of their contract accept. */
export class Examples {
  readonly #schemaOf: JsonSchemaOf;
  readonly #registry: Registry;

  constructor(schemaOf: JsonSchemaOf, registry: Registry) {
    this.#schemaOf = schemaOf;
    this.#registry = registry;
  }

  /** A request, in names of the contract; undefined where none could be made that the validator accepts. */
  request(desc: DescMessage): JsonObject | undefined {
    const json = this.#message(desc, { depth: 0, moments: 0 });
    try {
      const message = fromJson(desc, json, { registry: this.#registry });
      return violationsOf(desc, message).length === 0 ? json : undefined;
    } catch {
      return undefined;
    }
  }

  #message(desc: DescMessage, state: State): JsonObject {
    const json: JsonObject = {};
    for (const field of desc.fields) {
      if (field.oneof !== undefined && field.oneof.fields[0] !== field) continue;
      const value = this.#field(field, state);
      if (value !== undefined) json[field.name] = value;
    }
    return json;
  }

  #field(field: DescField, state: State): JsonValue | undefined {
    const schema = this.#schemaOf(field);
    switch (field.fieldKind) {
      case "scalar":
        return scalar(field.scalar, field.name, schema);
      case "enum":
        return firstNamed(schema);
      case "message":
        return this.#inner(field.message, state);
      case "map":
        return undefined;
      case "list": {
        const items = schema["items"] as JsonObject;
        if (field.listKind === "enum") return [firstNamed(items)];
        if (field.listKind === "scalar") return [scalar(field.scalar, field.name.replace(/s$/, ""), items)];
        const inner = this.#inner(field.message, state);
        return inner === undefined ? undefined : [inner];
      }
    }
  }

  #inner(desc: DescMessage, state: State): JsonValue | undefined {
    if (desc.typeName === "google.protobuf.Timestamp") return moment(state);
    if (desc.typeName === "google.protobuf.Duration") return "30s";
    if (isTextMessage(desc) || desc.typeName.startsWith("google.protobuf.") || state.depth >= maxDepth)
      return undefined;
    state.depth += 1;
    const json = this.#message(desc, state);
    state.depth -= 1;
    return json;
  }
}

interface State {
  depth: number;
  /** Given so far: each is later than those before. */
  moments: number;
}

function moment(state: State): string {
  const start = Date.UTC(2026, 2, 2, 9);
  state.moments += 1;
  return new Date(start + (state.moments - 1) * 1_800_000).toISOString().replace(".000", "");
}

function scalar(type: ScalarType, name: string, schema: JsonObject): JsonValue {
  if (schema["const"] !== undefined) return schema["const"];
  switch (type) {
    case ScalarType.STRING:
      return exampleText(name, schema);
    case ScalarType.BOOL:
      return true;
    case ScalarType.BYTES:
      return "AQID";
    default:
      return schema["type"] === "string" ? "1" : number(schema);
  }
}

function number({ minimum, exclusiveMinimum, maximum }: JsonObject): number {
  const least = Math.max(1, Number(minimum ?? 1), Number(exclusiveMinimum ?? 0) + 1);
  return Math.min(least, Number(maximum ?? least));
}

function exampleText(name: string, schema: JsonObject): string {
  const { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY, format } = schema;
  const own = name === "time_zone" ? "Europe/Berlin" : name.replace(/_id$/, "").replaceAll("_", "-");
  const rule = pattern === undefined ? undefined : new RegExp(String(pattern), "u");
  const fits = (text: string) =>
    text.length >= Number(minLength) && text.length <= Number(maxLength) && (rule === undefined || rule.test(text));
  // What a stretch of time ends with comes after what it begins with.
  const candidates = /^(until|end|to|latest)/.test(name) ? ["17:00", own, ...texts] : [own, ...texts];
  if (format === "uuid") return "0195a1c0-0000-7000-8000-000000000000";
  if (format === "email") return "a@example.com";
  if (format === "uri") return "https://example.com/";
  return candidates.find(fits) ?? "";
}

function firstNamed(schema: JsonObject): JsonValue {
  const values = Array.isArray(schema["enum"]) ? schema["enum"] : [];
  return values.find((value) => !String(value).endsWith("_UNSPECIFIED")) ?? values[0] ?? "";
}
