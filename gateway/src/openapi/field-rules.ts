// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  type JsonObject,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";

/**
 * Reads the rules of `buf.validate` off fields, as ProtoJSON of `buf.validate.FieldRules`. The option is looked up in the
 * contracts themselves, so it is read as whoever wrote them knew it.
 */
export class FieldRules {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Empty where the field has none. */
  of(field: DescField): JsonObject {
    const option = this.#registry.getExtension("buf.validate.field");
    const rules = option?.message;
    if (option === undefined || rules === undefined || !hasOption(field, option)) return {};
    return asObject(
      toJson(rules, getOption(field, option) as Parameters<typeof toJson>[1], { registry: this.#registry }),
    );
  }

  /** Sentences of rules that span the fields of a message. */
  sentencesOf(desc: DescMessage): readonly string[] {
    const option = this.#registry.getExtension("buf.validate.message");
    const rules = option?.message;
    if (option === undefined || rules === undefined || !hasOption(desc, option)) return [];
    const value = getOption(desc, option) as Parameters<typeof toJson>[1];
    return celSentences(asObject(toJson(rules, value, { registry: this.#registry })));
  }
}

/** What the rules in CEL say, in words: their message, else their expression. */
export function celSentences({ cel }: JsonObject): readonly string[] {
  if (!Array.isArray(cel)) return [];
  return cel.map((one) => {
    const { message, expression } = asObject(one);
    return String(message ?? expression ?? "");
  });
}

/** The value where it is an object, else an empty one. */
export function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
