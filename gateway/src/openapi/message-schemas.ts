// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type DescField, type DescMessage, type JsonObject, type Registry } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";
import { violationsOf } from "@parley/mesh/contracts";
import type { Comments } from "./comments.ts";
import { asObject, FieldRules } from "./field-rules.ts";
import { enumSchema, scalarSchema, wellKnownSchema } from "./plain-schema.ts";
import { constraintOf } from "./rule-keywords.ts";

/** Which way a message goes. In: what a client must give is required, the rest is left out freely. Out: what is always there. */
export type Direction = "in" | "out";

/** The schemas of messages, each once for the way in and once for the way out, found while they are asked for. */
export class MessageSchemas {
  readonly #rules: FieldRules;
  readonly #comments: Comments;
  readonly #schemas = new Map<string, JsonObject>();

  constructor(registry: Registry, comments: Comments) {
    this.#rules = new FieldRules(registry);
    this.#comments = comments;
  }

  /** All that were asked for, by name. */
  get all(): JsonObject {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A schema that refers to the message's. */
  refer(desc: DescMessage, direction: Direction): JsonObject {
    const special = wellKnownSchema(desc);
    if (special !== undefined) return special;
    const name = direction === "out" ? desc.typeName : `${desc.typeName}-input`;
    if (!this.#schemas.has(name)) {
      // Named before it is made, for messages that hold themselves.
      this.#schemas.set(name, {});
      this.#schemas.set(name, this.whole(desc, direction));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  /** The message's own schema, without the fields that are given elsewhere. */
  whole(desc: DescMessage, direction: Direction, without: ReadonlySet<DescField> = new Set()): JsonObject {
    const fields = desc.fields.filter((field) => !without.has(field));
    const required = this.#required(desc, direction);
    const sentences = [...this.#rules.sentencesOf(desc), ...oneofSentences(desc)];
    return {
      type: "object",
      ...describing(sentences, this.#comments.of(desc)),
      properties: Object.fromEntries(fields.map((field) => [field.name, this.field(field, direction)])),
      required: fields.filter((field) => required.has(field.name)).map(({ name }) => name),
      // Unknown fields are refused on their way in; on their way out newer agents may have more.
      ...(direction === "in" ? { additionalProperties: false } : {}),
    };
  }

  field(field: DescField, direction: Direction): JsonObject {
    const rules = this.#rules.of(field);
    const { keywords, sentences } = constraintOf(rules);
    const schema = this.#unruled(field, rules, direction);
    // What the type itself says, e.g. an enum of its values, stays.
    const said = [this.#comments.of(field), schema["description"]].filter((part) => part !== undefined).join("\n\n");
    // Answers are not held to the rules of requests.
    if (direction === "out") return { ...schema, ...describing([], said) };
    return { ...schema, ...keywords, ...describing(sentences, said) };
  }

  /** Fields that a message cannot do without: on its way in by the rules themselves, on its way out where JSON always has them. */
  #required(desc: DescMessage, direction: Direction): ReadonlySet<string> {
    if (direction === "in") return new Set(requiredFields(desc));
    return new Set(desc.fields.filter(({ presence }) => presence === Presence.IMPLICIT).map(({ name }) => name));
  }

  #unruled(field: DescField, rules: JsonObject, direction: Direction): JsonObject {
    switch (field.fieldKind) {
      case "scalar":
        return scalarSchema(field.scalar);
      case "enum":
        return enumSchema(field.enum, direction === "in" ? rules : {}, this.#comments);
      case "message":
        return this.refer(field.message, direction);
      case "list":
        return { type: "array", items: this.#item(field, asObject(asObject(rules["repeated"])["items"]), direction) };
      case "map":
        return this.#map(field, asObject(rules["map"]), direction);
    }
  }

  #item(field: DescField & { fieldKind: "list" }, rules: JsonObject, direction: Direction): JsonObject {
    if (field.listKind === "message") return this.refer(field.message, direction);
    if (field.listKind === "enum") return enumSchema(field.enum, direction === "in" ? rules : {}, this.#comments);
    return { ...scalarSchema(field.scalar), ...(direction === "in" ? constraintOf(rules).keywords : {}) };
  }

  #map(field: DescField & { fieldKind: "map" }, rules: JsonObject, direction: Direction): JsonObject {
    const [keys, values] = [rules["keys"], rules["values"]].map((one) => constraintOf(asObject(one)).keywords);
    const value =
      field.mapKind === "message"
        ? this.refer(field.message, direction)
        : field.mapKind === "enum"
          ? enumSchema(field.enum, {}, this.#comments)
          : scalarSchema(field.scalar);
    if (direction === "out") return { type: "object", additionalProperties: value };
    return { type: "object", propertyNames: keys ?? {}, additionalProperties: { ...value, ...values } };
  }
}

/** Fields without which the rules refuse the message, as the validator itself says of an empty one. */
export function requiredFields(desc: DescMessage): readonly string[] {
  const fields = violationsOf(desc, create(desc)).map(({ field }) => field);
  return fields.filter((field) => desc.fields.some(({ name }) => name === field));
}

/** A description of what the contract's author wrote and of sentences after it, or none. */
export function describing(sentences: readonly string[], comment?: string | undefined): JsonObject {
  const said = sentences.map((one) => one.replace(/[^.]$/, "$&.")).join(" ");
  const whole = [comment ?? "", said].filter((part) => part !== "").join("\n\n");
  return whole === "" ? {} : { description: whole };
}

function oneofSentences(desc: DescMessage): readonly string[] {
  return desc.oneofs.map(({ fields }) => `At most one of ${fields.map(({ name }) => name).join(", ")}.`);
}
