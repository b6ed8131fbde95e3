// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescField, type DescMessage, type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { http } from "@parley/contracts/google/api/annotations_pb.js";
import type { HttpRule } from "@parley/contracts/google/api/http_pb.js";
import { MeshError } from "../../mesh-error.ts";
import { hasTextForm, plainField } from "./http-field.ts";
import { type PathTemplate, type PathVariable, parsePathTemplate } from "./path-template.ts";

/** What of a request message is the body of the HTTP request. */
export type BodyMapping =
  | { readonly kind: "none" }
  /** All that the path does not bind. */
  | { readonly kind: "whole" }
  | { readonly kind: "field"; readonly field: DescField };

/** A path variable with the fields that lead to its value; the last one has a text form. */
export interface BoundVariable extends PathVariable {
  readonly fields: readonly DescField[];
}

/** One way to call a method by HTTP, as google.api.http says it. */
export interface HttpBinding {
  readonly desc: DescMethod;
  /** In upper case, e.g. `GET`; `*`: any. */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  readonly variables: readonly BoundVariable[];
  readonly body: BodyMapping;
  /** The field of the answer that is the whole body of the HTTP response; unset: the answer itself. */
  readonly responseBody: DescField | undefined;
}

/**
 * All ways to call a method by HTTP, the main one first; none when its contract gives none.
 *
 * @throws MeshError CONTRACT_INCOMPLETE when its google.api.http cannot be served, with the reason
 */
export function httpBindings(desc: DescMethod): readonly HttpBinding[] {
  if (!hasOption(desc, http)) return [];
  const rule = getOption(desc, http);
  if (desc.methodKind === "client_streaming" || desc.methodKind === "bidi_streaming") {
    throw incomplete(desc, "it streams its requests, which HTTP paths cannot carry");
  }
  return [rule, ...rule.additionalBindings].map((one, index) => {
    if (index > 0 && one.additionalBindings.length > 0) {
      throw incomplete(desc, "an additional binding has additional bindings of its own");
    }
    return bindingOf(desc, one);
  });
}

function bindingOf(desc: DescMethod, rule: HttpRule): HttpBinding {
  const { httpMethod, path } = patternOf(desc, rule);
  const template = parsePathTemplate(path);
  const variables = template.variables.map((variable) => ({
    ...variable,
    fields: variableFields(desc, variable.fieldPath),
  }));
  const body = bodyOf(desc, rule.body);
  if (body.kind !== "none" && httpMethod === "GET") throw incomplete(desc, "GET has no body");
  const responseBody = rule.responseBody === "" ? undefined : topField(desc, desc.output, rule.responseBody);
  return { desc, httpMethod, template, variables, body, responseBody };
}

function patternOf(desc: DescMethod, { pattern }: HttpRule): { readonly httpMethod: string; readonly path: string } {
  switch (pattern.case) {
    case undefined:
      throw incomplete(desc, "it names neither HTTP method nor path");
    case "custom":
      if (!/^([A-Za-z]+|\*)$/.test(pattern.value.kind)) {
        throw incomplete(desc, `"${pattern.value.kind}" is no HTTP method`);
      }
      return { httpMethod: pattern.value.kind.toUpperCase(), path: pattern.value.path };
    default:
      return { httpMethod: pattern.case.toUpperCase(), path: pattern.value };
  }
}

function variableFields(desc: DescMethod, path: string): readonly DescField[] {
  const fields: DescField[] = [];
  let current: DescMessage | undefined = desc.input;
  for (const name of path.split(".")) {
    const field: DescField | undefined = current && plainField(current, name);
    if (field === undefined) throw incomplete(desc, `"{${path}}" leads to no field: "${name}" is none`);
    fields.push(field);
    current = field.fieldKind === "message" ? field.message : undefined;
  }
  const last = fields.at(-1);
  if (last === undefined || !hasTextForm(last)) {
    throw incomplete(desc, `"{${path}}" is no single value that can be written as text`);
  }
  return fields;
}

function bodyOf(desc: DescMethod, body: string): BodyMapping {
  if (body === "") return { kind: "none" };
  if (body === "*") return { kind: "whole" };
  return { kind: "field", field: topField(desc, desc.input, body) };
}

function topField(desc: DescMethod, message: DescMessage, name: string): DescField {
  const field = plainField(message, name);
  if (field === undefined) throw incomplete(desc, `"${message.typeName}" has no field "${name}"`);
  return field;
}

function incomplete(desc: DescMethod, why: string): MeshError {
  const name = `${desc.parent.typeName}/${desc.name}`;
  return new MeshError({
    code: "CONTRACT_INCOMPLETE",
    message: `google.api.http of "${name}" cannot be served: ${why}`,
  });
}
