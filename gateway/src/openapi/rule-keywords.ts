// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { asObject, celSentences } from "./field-rules.ts";

/** Keywords of JSON Schema by the name of a rule; each takes the rule's value. */
const keywords: Readonly<Record<string, (value: JsonValue) => JsonObject>> = {
  const: (value) => ({ const: value }),
  len: (value) => ({ minLength: Number(value), maxLength: Number(value) }),
  minLen: (value) => ({ minLength: Number(value) }),
  maxLen: (value) => ({ maxLength: Number(value) }),
  pattern: (value) => ({ pattern: String(value) }),
  prefix: (value) => ({ pattern: `^${escaped(value)}` }),
  suffix: (value) => ({ pattern: `${escaped(value)}$` }),
  contains: (value) => ({ pattern: escaped(value) }),
  email: () => ({ format: "email" }),
  hostname: () => ({ format: "hostname" }),
  ipv4: () => ({ format: "ipv4" }),
  ipv6: () => ({ format: "ipv6" }),
  uri: () => ({ format: "uri" }),
  uriRef: () => ({ format: "uri-reference" }),
  uuid: () => ({ format: "uuid" }),
  lt: (value) => ({ exclusiveMaximum: value }),
  lte: (value) => ({ maximum: value }),
  gt: (value) => ({ exclusiveMinimum: value }),
  gte: (value) => ({ minimum: value }),
  in: (value) => ({ enum: value }),
  notIn: (value) => ({ not: { enum: value } }),
  minItems: (value) => ({ minItems: Number(value) }),
  maxItems: (value) => ({ maxItems: Number(value) }),
  unique: (value) => (value === true ? { uniqueItems: true } : {}),
  minPairs: (value) => ({ minProperties: Number(value) }),
  maxPairs: (value) => ({ maxProperties: Number(value) }),
};

/** Kinds of fields whose JSON values the keywords mean as they stand. */
const plain: ReadonlySet<string> = new Set([
  "string",
  "bool",
  "int32",
  "uint32",
  "sint32",
  "fixed32",
  "sfixed32",
  "float",
  "double",
  "repeated",
  "map",
]);

/** Rules that say nothing about a value that a schema or a sentence could add. */
const silent: ReadonlySet<string> = new Set(["definedOnly", "items", "keys", "values", "finite", "strict"]);

/** What rules come to: keywords of JSON Schema, and sentences for what these cannot say. */
export interface Constraint {
  readonly keywords: JsonObject;
  readonly sentences: readonly string[];
}

/**
 * Rules of one field as JSON Schema. 64-bit numbers, bytes, timestamps and the like are texts in JSON, for which the keywords
 * would mean something else: their rules become sentences.
 *
 * @param rules as ProtoJSON of buf.validate.FieldRules
 */
export function constraintOf(rules: JsonObject): Constraint {
  const [kind, ofKind] = Object.entries(rules).find(([name]) => !["cel", "required", "ignore"].includes(name)) ?? [];
  const found: JsonObject = {};
  const sentences = [...celSentences(rules)];
  for (const [name, value] of Object.entries(asObject(ofKind))) {
    if (silent.has(name) || kind === "enum") continue;
    if (name === "example") {
      found["examples"] = value;
      continue;
    }
    const keyword = plain.has(kind ?? "") && isUsable(name, value) ? keywords[name] : undefined;
    if (keyword === undefined) sentences.push(`${spoken(name)} ${JSON.stringify(value)}`);
    else Object.assign(found, keyword(value));
  }
  return { keywords: found, sentences };
}

/** A pattern in a dialect that JavaScript does not have is no use to a client. */
function isUsable(name: string, value: JsonValue): boolean {
  if (name !== "pattern") return true;
  try {
    new RegExp(String(value), "u");
    return true;
  } catch {
    return false;
  }
}

const words: Readonly<Record<string, string>> = { lt: "below", lte: "at most", gt: "above", gte: "at least" };

/** `minBytes` as "min bytes". */
function spoken(name: string): string {
  return words[name] ?? name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function escaped(value: JsonValue): string {
  return String(value).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
