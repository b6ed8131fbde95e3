// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { type HttpBinding, isTextMessage } from "@parley/mesh/contracts";

/** Messages within each other that are spelled out as parameters; deeper ones can be given all the same. */
const maxDepth = 3;

/** A field that can be given by query: its name there, and whether the message can be without it. */
export interface QueryParameter {
  readonly name: string;
  readonly field: DescField;
  /** It is one of the request's own fields, not of a message inside. */
  readonly top: boolean;
}

/** Every field that a query may give where this binding calls the method. */
export function queryParameters(binding: HttpBinding): readonly QueryParameter[] {
  const { desc, body, variables } = binding;
  if (body.kind === "whole") return [];
  const bound = new Set(variables.map(({ fieldPath }) => fieldPath));
  const all = [...leaves(desc.input, "", [])];
  return all.filter(
    ({ name }) => !bound.has(name) && !(body.kind === "field" && name.split(".")[0] === body.field.name),
  );
}

function* leaves(desc: DescMessage, prefix: string, above: readonly DescMessage[]): Iterable<QueryParameter> {
  if (above.length >= maxDepth || above.includes(desc)) return;
  for (const field of desc.fields) {
    const name = prefix + field.name;
    if (hasText(field)) yield { name, field, top: prefix === "" };
    else if (field.fieldKind === "message") yield* leaves(field.message, `${name}.`, [...above, desc]);
  }
}

function hasText(field: DescField): boolean {
  if (field.fieldKind === "scalar" || field.fieldKind === "enum") return true;
  if (field.fieldKind === "list") return field.listKind !== "message" || isTextMessage(field.message);
  return field.fieldKind === "message" && isTextMessage(field.message);
}
