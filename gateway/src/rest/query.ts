// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { BodyMapping } from "@parley/mesh/contracts";
import { shown, undecodable } from "../undecodable.ts";
import type { Parameters } from "./parameters.ts";
import { decodeQueryPart } from "./percent.ts";

/** What a query may say. */
export interface QueryInit {
  readonly input: DescMessage;
  readonly body: BodyMapping;
  /** Those of the path; what the query says is added. */
  readonly parameters: Parameters;
}

/**
 * Reads a query into parameters: every name is a field, or a path of fields with dots; a repeated one is given several times.
 *
 * @param query without its question mark
 * @throws MeshError UNDECODABLE for what is no field of the message, or belongs into path or body
 */
export function readQuery(query: string, { input, body, parameters }: QueryInit): void {
  const bound = new Set(parameters.paths());
  for (const part of query.split("&")) {
    if (part === "") continue;
    const [, rawName = "", rawValue = ""] = /^([^=]*)=?(.*)$/s.exec(part) ?? [];
    const name = decodeQueryPart(rawName);
    const fields = fieldsNamed(input, name);
    const what = `query parameter ${shown(name)}`;
    if (body.kind === "whole") throw undecodable(`${what}: every field of this request belongs into its body`, name);
    if (body.kind === "field" && fields[0] === body.field) throw undecodable(`${what} belongs into the body`, name);
    if (bound.has(fields.map((field) => field.name).join(".")))
      throw undecodable(`${what} is given by the path already`, name);
    parameters.add(fields, decodeQueryPart(rawValue), what);
  }
}

function fieldsNamed(input: DescMessage, name: string): readonly DescField[] {
  const fields: DescField[] = [];
  let current: DescMessage | undefined = input;
  for (const step of name.split(".")) {
    const field: DescField | undefined = current?.fields.find((one) => one.name === step || one.jsonName === step);
    if (field === undefined)
      throw undecodable(`query parameter ${shown(name)} is no field of "${input.typeName}"`, name);
    fields.push(field);
    current = field.fieldKind === "message" ? field.message : undefined;
  }
  return fields;
}
