// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescEnum, type DescMessage, type JsonObject, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import type { Comments } from "./comments.ts";
import { asObject } from "./field-rules.ts";

/** How ProtoJSON writes a scalar. */
export function scalarSchema(type: ScalarType): JsonObject {
  switch (type) {
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BYTES:
      return { type: "string", format: "byte", contentEncoding: "base64" };
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.FLOAT:
      return { type: "number", format: "float" };
    case ScalarType.DOUBLE:
      return { type: "number", format: "double" };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: "integer", minimum: 0, maximum: 4_294_967_295 };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: "string", format: "uint64", pattern: "^[0-9]+$" };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { type: "string", format: "int64", pattern: "^-?[0-9]+$" };
    default:
      return { type: "integer", format: "int32" };
  }
}

/** How ProtoJSON writes an enum, without the values that the rules refuse. */
export function enumSchema(desc: DescEnum, rules: JsonObject, comments: Comments): JsonObject {
  const { in: only, notIn, const: one } = asObject(rules["enum"]);
  const wanted = one === undefined ? only : [one];
  const values = desc.values.filter(
    ({ number }) =>
      (!Array.isArray(wanted) || wanted.includes(number)) && !(Array.isArray(notIn) && notIn.includes(number)),
  );
  const meanings = values.flatMap((value) => {
    const comment = comments.of(value);
    return comment === undefined ? [] : [`- \`${value.name}\`: ${comment.replaceAll("\n", " ")}`];
  });
  const description = meanings.length === 0 ? {} : { description: meanings.join("\n") };
  return { type: "string", ...description, enum: values.map(({ name }) => name) };
}

const anyObject = { type: "object", additionalProperties: true } as const;

/** Messages whose JSON is not an object of their fields. */
const wellKnown: Readonly<Record<string, JsonObject>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", format: "duration-seconds", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$" },
  "google.protobuf.FieldMask": { type: "string", description: "Names of fields in lowerCamelCase, divided by commas." },
  "google.protobuf.Struct": anyObject,
  "google.protobuf.Value": {},
  "google.protobuf.ListValue": { type: "array", items: {} },
  "google.protobuf.Any": { ...anyObject, required: ["@type"], properties: { "@type": { type: "string" } } },
  "google.protobuf.Empty": { type: "object" },
};

/** The schema of a message that JSON writes in a way of its own; undefined for every other. */
export function wellKnownSchema(desc: DescMessage): JsonObject | undefined {
  if (isWrapperDesc(desc)) {
    const [value] = desc.fields;
    return value?.fieldKind === "scalar" ? scalarSchema(value.scalar) : undefined;
  }
  return wellKnown[desc.typeName];
}
