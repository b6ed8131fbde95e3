// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { undecodable } from "../undecodable.ts";
import { Parameters } from "./parameters.ts";
import { readQuery } from "./query.ts";
import type { RequestPath } from "./request-path.ts";
import type { Route } from "./route.ts";

/** The parts of an HTTP request that make a message. */
export interface RequestParts {
  readonly path: RequestPath;
  /** Without its question mark. */
  readonly query: string;
  /** Empty: none. */
  readonly body: string;
  /** From the header of that name. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * The message that a request means, by the rules of google.api.http.
 *
 * @throws MeshError UNDECODABLE
 */
export function requestMessage({ binding, contract, json }: Route, parts: RequestParts): Message {
  const { input } = binding.desc;
  const parameters = new Parameters(input);
  for (const variable of binding.variables) {
    const isRest = binding.template.segments[variable.end - 1]?.kind === "rest";
    const text = parts.path.valueOf(variable, isRest, binding.template.verb);
    parameters.set(variable.fields, text, `path variable "${variable.fieldPath}"`);
  }
  readQuery(parts.query, { input, body: binding.body, parameters });
  const keyPath = contract.idempotencyKey?.path;
  if (parts.idempotencyKey !== undefined && keyPath !== undefined) {
    parameters.set(fieldsOf(input, keyPath), parts.idempotencyKey, 'header "Idempotency-Key"');
  }
  const stated = json.fromParameters(input, parameters.toJson());
  if (parts.body === "") return stated;
  if (binding.body.kind === "none") {
    throw undecodable(`"${contract.name}" takes no body here; send none`);
  }
  const field = binding.body.kind === "field" ? binding.body.field.name : undefined;
  const body = json.read(input, parts.body, field);
  if (parameters.isEmpty) return body;
  parameters.assertAgree(body, stated);
  json.addParameters(input, body, parameters.toJson());
  return body;
}

/** The fields of a path that the contract has been checked for. */
function fieldsOf(input: DescMessage, path: string): readonly DescField[] {
  let current: DescMessage | undefined = input;
  return path.split(".").flatMap((name) => {
    const field: DescField | undefined = current?.fields.find((one) => one.name === name);
    current = field?.fieldKind === "message" ? field.message : undefined;
    return field === undefined ? [] : [field];
  });
}
