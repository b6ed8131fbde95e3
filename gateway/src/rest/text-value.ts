// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescField, type DescMessage, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import type { MeshError } from "@parley/mesh";
import { isTextMessage } from "@parley/mesh/contracts";
import { shown, undecodable } from "../undecodable.ts";

/**
 * One value of a field, written as text in a path or a query, as ProtoJSON has it; of a repeated field one element.
 *
 * @param path of the field, for errors
 * @throws MeshError UNDECODABLE when the field has no text form, or the text is none of its values
 */
export function jsonOfText(field: DescField, text: string, path: string): JsonValue {
  switch (field.fieldKind) {
    case "scalar":
      return scalar(field.scalar, text, path);
    case "enum":
      return enumValue(text);
    case "message":
      return message(field.message, text, path);
    case "list":
      if (field.listKind === "scalar") return scalar(field.scalar, text, path);
      return field.listKind === "enum" ? enumValue(text) : message(field.message, text, path);
    case "map":
      throw noText(path, "a map");
  }
}

function scalar(type: ScalarType, text: string, path: string): JsonValue {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      // A plus that was not percent-encoded has become a space in the query; base64 has no spaces.
      return text.replaceAll(" ", "+");
    case ScalarType.BOOL:
      if (text === "true" || text === "false") return text === "true";
      throw wrong(path, text, '"true" or "false"');
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return text;
    default:
      if (!/^-?\d+$/.test(text)) throw wrong(path, text, "a whole number");
      return text;
  }
}

/** By name, or by number as ProtoJSON allows. */
function enumValue(text: string): JsonValue {
  return /^-?\d{1,10}$/.test(text) ? Number(text) : text;
}

function message(desc: DescMessage, text: string, path: string): JsonValue {
  if (!isTextMessage(desc)) throw noText(path, `a message "${desc.typeName}"`);
  if (desc.typeName === "google.protobuf.FieldMask") return maskPaths(text);
  const [value] = desc.fields;
  const wrapped = desc.typeName.endsWith("Value") ? value : undefined;
  return wrapped?.fieldKind === "scalar" ? scalar(wrapped.scalar, text, path) : text;
}

/** ProtoJSON writes the paths of a mask in lowerCamelCase only; in a URL the contract's names are as good. */
function maskPaths(text: string): string {
  return text.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function wrong(path: string, text: string, expected: string): MeshError {
  return undecodable(`"${path}" is ${expected}, not ${shown(text)}`, path);
}

function noText(path: string, what: string): MeshError {
  const message = `"${path}" is ${what}, which a path or query cannot hold; name one of its fields, or use the body`;
  return undecodable(message, path);
}
