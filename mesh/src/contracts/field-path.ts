// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { MeshError } from "../mesh-error.ts";

/** A path from a message to one of its scalar fields, e.g. `appointment.provider_id`. */
export interface FieldPath {
  /** As the contract writes it, in proto field names. */
  readonly path: string;
  /** The value as text; empty when the field or a message on the way is not set. */
  read(message: unknown): string;
}

/**
 * Compiles `path` for messages of `desc`. The field at its end must be a string, a boolean, an enum or a whole number,
 * those before it single messages: a key must be one value that every language writes the same way.
 *
 * @throws MeshError CONTRACT_INCOMPLETE when it leads nowhere else.
 */
export function fieldPath(desc: DescMessage, path: string): FieldPath {
  const readers = fieldsOf(desc, path).map(readerOf);
  return Object.freeze({
    path,
    read(message: unknown): string {
      let value = message;
      for (const read of readers) {
        if (value === undefined) return "";
        value = read(value);
      }
      return value === undefined ? "" : String(value);
    },
  });
}

/**
 * The fields that `path` goes through, the last one a scalar as {@link fieldPath} wants it.
 *
 * @throws MeshError CONTRACT_INCOMPLETE when it leads nowhere else.
 */
export function fieldsOf(desc: DescMessage, path: string): readonly DescField[] {
  const fields: DescField[] = [];
  let current: DescMessage | undefined = desc;
  for (const name of path.split(".")) {
    const field: DescField | undefined = current?.fields.find((candidate) => candidate.name === name);
    if (field === undefined)
      throw nowhere(desc, path, `"${current?.typeName ?? fields.at(-1)?.name}" has no field "${name}"`);
    fields.push(field);
    current = field.fieldKind === "message" ? field.message : undefined;
  }
  const last = fields.at(-1);
  if (last === undefined || !isKey(last)) {
    throw nowhere(desc, path, `"${last?.name}" is not a single string, boolean, enum or whole number`);
  }
  return fields;
}

function isKey(field: DescField): boolean {
  if (field.fieldKind === "enum") return true;
  return field.fieldKind === "scalar" && !unfit.has(field.scalar);
}

/** Languages write fractions in different ways, and bytes are no text. */
const unfit: ReadonlySet<ScalarType> = new Set([ScalarType.DOUBLE, ScalarType.FLOAT, ScalarType.BYTES]);

function readerOf(field: DescField): (message: unknown) => unknown {
  const { oneof, localName } = field;
  if (oneof === undefined) return (message) => property(message, localName);
  return (message) => {
    const chosen = property(message, oneof.localName);
    return property(chosen, "case") === localName ? property(chosen, "value") : undefined;
  };
}

function property(holder: unknown, name: string): unknown {
  return typeof holder === "object" && holder !== null ? Reflect.get(holder, name) : undefined;
}

function nowhere(desc: DescMessage, path: string, why: string): MeshError {
  return new MeshError({
    code: "CONTRACT_INCOMPLETE",
    message: `field path "${path}" of "${desc.typeName}" cannot be used: ${why}`,
  });
}
