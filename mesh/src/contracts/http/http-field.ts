// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

/** Messages that JSON writes as a text. */
const textual: ReadonlySet<string> = new Set([
  "google.protobuf.Timestamp",
  "google.protobuf.Duration",
  "google.protobuf.FieldMask",
]);

/** The field called `name` in the contract. */
export function plainField(message: DescMessage, name: string): DescField | undefined {
  return message.fields.find((field) => field.name === name);
}

/** Whether one value of the field can stand in a path: scalars, enums, and messages that JSON writes as one. */
export function hasTextForm(field: DescField): boolean {
  switch (field.fieldKind) {
    case "scalar":
    case "enum":
      return true;
    case "message":
      return isTextMessage(field.message);
    default:
      return false;
  }
}

/** Whether JSON writes the message as one value: a timestamp, a duration, a field mask, a wrapper of a scalar. */
export function isTextMessage(message: DescMessage): boolean {
  return textual.has(message.typeName) || isWrapperDesc(message);
}
