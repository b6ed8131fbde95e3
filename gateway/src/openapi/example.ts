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
import type { JsonForm } from "../rest/json-form.ts";
import { asObject } from "./field-rules.ts";
import { requiredFields } from "./message-schemas.ts";

const maxDepth = 4;
/** A pattern of somebody else's contract may take time exponential in the text: longer ones are not tried on it. */
const longestTried = 20;
/** Texts to try where a rule says what a text must look like. */
const texts = ["09:00", "17:00", "2026-03-02", "Europe/Berlin", "a@example.com", "https://example.com/", "a", "A", "1"];

/** Gives the JSON Schema of a field on its way in. */
type JsonSchemaOf = (field: DescField) => JsonObject;

/** Makes example messages. Requests are only given where the rules of their contract accept them. */
export class Examples {
  readonly #schemaOf: JsonSchemaOf;
  readonly #registry: Registry;
  /** What contracts give as example, by name of the field: "user_id" means the same in every message that has it. */
  readonly #given = new Map<string, JsonValue>();

  constructor(schemaOf: JsonSchemaOf, registry: Registry) {
    this.#schemaOf = schemaOf;
    this.#registry = registry;
    for (const type of registry) if (type.kind === "message") this.#learn(type);
  }

  /** A request, in names of the contract; undefined where none could be made that the validator accepts. */
  request(desc: DescMessage): JsonObject | undefined {
    const json = this.#message(desc, { depth: 0, moments: 0, lean: true });
    try {
      const message = fromJson(desc, json, { registry: this.#registry });
      return violationsOf(desc, message).length === 0 ? json : undefined;
    } catch {
      return undefined;
    }
  }

  /** An answer, as the gateway would write it; undefined where none could be made. */
  answer(desc: DescMessage, form: JsonForm): JsonObject | undefined {
    try {
      const message = fromJson(desc, this.#message(desc, { depth: 0, moments: 0, lean: false }), {
        registry: this.#registry,
      });
      return asObject(form.write(desc, message));
    } catch {
      return undefined;
    }
  }

  #learn({ fields }: DescMessage): void {
    for (const field of fields) {
      const given = givenFor(this.#schemaOf(field));
      if (given !== undefined && !this.#given.has(field.name)) this.#given.set(field.name, given);
    }
  }

  #message(desc: DescMessage, state: State): JsonObject {
    const json: JsonObject = {};
    const fields = state.lean ? this.#worthShowing(desc) : desc.fields;
    for (const field of fields) {
      if (field.oneof !== undefined && field.oneof.fields[0] !== field) continue;
      const value = this.#field(field, state);
      if (value !== undefined) json[field.name] = value;
    }
    return json;
  }

  /** Where the contract gives examples: what these and the rules ask for, which then makes a request that works. Else everything. */
  #worthShowing(desc: DescMessage): readonly DescField[] {
    const given = desc.fields.filter((field) => givenFor(this.#schemaOf(field)) !== undefined);
    if (given.length === 0) return desc.fields;
    const required = requiredFields(desc);
    return desc.fields.filter((field) => given.includes(field) || required.includes(field.name));
  }

  #field(field: DescField, state: State): JsonValue | undefined {
    const schema = this.#schemaOf(field);
    switch (field.fieldKind) {
      case "scalar":
        return this.#scalar(field, schema);
      case "enum":
        return firstNamed(schema);
      case "message":
        return this.#inner(field.message, state);
      case "map":
        return undefined;
      case "list": {
        const items = schema["items"] as JsonObject;
        if (field.listKind === "enum") return [firstNamed(items)];
        if (field.listKind === "scalar")
          return [givenFor(schema) ?? scalar(field.scalar, field.name.replace(/s$/, ""), items)];
        const inner = this.#inner(field.message, state);
        return inner === undefined ? undefined : [inner];
      }
    }
  }

  #scalar({ scalar: type, name }: DescField & { fieldKind: "scalar" }, schema: JsonObject): JsonValue {
    const elsewhere = type === ScalarType.STRING ? this.#given.get(name) : undefined;
    const fits = typeof elsewhere === "string" && elsewhere.length <= Number(schema["maxLength"] ?? elsewhere.length);
    return givenFor(schema) ?? (fits ? elsewhere : scalar(type, name, schema));
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
  /** Whether fields may be left out. */
  readonly lean: boolean;
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
    text.length >= Number(minLength) &&
    text.length <= Number(maxLength) &&
    (rule === undefined || (text.length <= longestTried && rule.test(text)));
  // What a stretch of time ends with comes after what it begins with.
  const candidates = /^(until|end|to|latest)/.test(name) ? ["17:00", own, ...texts] : [own, ...texts];
  if (format === "uuid") return "0195a1c0-0000-7000-8000-000000000000";
  if (format === "email") return "a@example.com";
  if (format === "uri") return "https://example.com/";
  return candidates.find(fits) ?? "";
}

/** The example that the contract itself gives for a value, or for an element of a list. */
function givenFor(schema: JsonObject): JsonValue | undefined {
  const { examples } = "items" in schema ? asObject(schema["items"]) : schema;
  return Array.isArray(examples) ? examples[0] : undefined;
}

function firstNamed(schema: JsonObject): JsonValue {
  const values = Array.isArray(schema["enum"]) ? schema["enum"] : [];
  return values.find((value) => !String(value).endsWith("_UNSPECIFIED")) ?? values[0] ?? "";
}
