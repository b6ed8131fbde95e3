// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescField } from "@bufbuild/protobuf";
import type { BoundVariable, HttpBinding } from "@parley/mesh/contracts";

/** A parameter of an OpenAPI path. */
export interface PathParameter {
  readonly name: string;
  /** Whose value it is, or a part of it; unset: a wildcard that binds nothing. */
  readonly variable: BoundVariable | undefined;
  /** Whether it is the whole value of its variable. */
  readonly whole: boolean;
  /** Whether it may hold slashes, which OpenAPI has no word for. */
  readonly rest: boolean;
}

/** A path template as OpenAPI writes it: a variable of several segments becomes a parameter for each of its wildcards. */
export interface OpenApiPath {
  readonly path: string;
  readonly parameters: readonly PathParameter[];
}

/** Rewrites the path of a binding. */
export function openApiPath({ template, variables }: HttpBinding): OpenApiPath {
  const parameters: PathParameter[] = [];
  const segments = template.segments.map((segment, index) => {
    if (segment.kind === "literal") return encodeURIComponent(segment.text);
    const variable = variables.find(({ start, end }) => start <= index && index < end);
    const parameter = parameterAt(index, variable, template.segments);
    parameters.push(parameter);
    return `{${parameter.name}}`;
  });
  const verb = template.verb === undefined ? "" : `:${template.verb}`;
  return { path: `/${segments.join("/")}${verb}`, parameters };
}

function parameterAt(
  index: number,
  variable: BoundVariable | undefined,
  segments: HttpBinding["template"]["segments"],
): PathParameter {
  const rest = segments[index]?.kind === "rest";
  if (variable === undefined) return { name: `segment_${index}`, variable, whole: false, rest };
  const { fieldPath, start, end } = variable;
  const wildcards = segments.slice(start, end).filter(({ kind }) => kind !== "literal").length;
  const nth = segments.slice(start, index + 1).filter(({ kind }) => kind !== "literal").length;
  const whole = end - start === 1;
  return { name: wildcards === 1 ? fieldPath : `${fieldPath}_${nth}`, variable, whole, rest };
}

/** The fields at the top of a message that the path binds whole. */
export function boundFields({ variables }: HttpBinding): ReadonlySet<DescField> {
  return new Set(variables.flatMap(({ fields }) => (fields.length === 1 ? fields : [])));
}
