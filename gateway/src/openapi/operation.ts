// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescField, JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { MethodContract } from "@parley/mesh/contracts";
import { givesAnyBody, takesAnyBody } from "../rest/any-body.ts";
import { streamTypes } from "../rest/media.ts";
import type { Route } from "../rest/route.ts";
import type { Comments } from "./comments.ts";
import type { Examples } from "./example.ts";
import { describing, type MessageSchemas, requiredFields } from "./message-schemas.ts";
import { boundFields, type OpenApiPath, type PathParameter } from "./openapi-path.ts";
import { problemsOfEach } from "./problem-responses.ts";
import { queryParameters } from "./query-parameters.ts";

/** What operations are made with. */
export interface OperationInit {
  readonly schemas: MessageSchemas;
  readonly examples: Examples;
  readonly comments: Comments;
  readonly path: OpenApiPath;
  /** Unique in the document. */
  readonly operationId: string;
}

/** A route as an OpenAPI operation. */
export function operationOf(route: Route, init: OperationInit): JsonObject {
  const { binding, contract } = route;
  const { desc } = binding;
  const comment = init.comments.of(desc);
  const example = init.examples.request(desc.input);
  const parameters = [
    ...init.path.parameters.map((one) => pathParameter(one, init.schemas, example)),
    ...queryOf(binding, init.schemas, example),
    ...(contract.noSideEffects ? [] : [{ $ref: "#/components/parameters/IdempotencyKey" }]),
    { $ref: "#/components/parameters/Timeout" },
  ];
  const body = requestBody(binding, init.schemas, example);
  return {
    operationId: init.operationId,
    tags: [desc.parent.typeName],
    summary: summaryOf(desc.name, comment),
    ...describing([policySentences(contract)], comment),
    parameters,
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { "200": success(route, init), ...problemsOfEach },
    ...(desc.deprecated ? { deprecated: true } : {}),
  };
}

type Binding = Route["binding"];

function pathParameter(one: PathParameter, schemas: MessageSchemas, example: JsonObject | undefined): JsonObject {
  const { name, variable, whole, rest } = one;
  const field = variable?.fields.at(-1);
  const schema = field === undefined || !whole || rest ? { type: "string" } : schemas.field(field, "in");
  const value = whole && !rest && variable !== undefined ? valueAt(example, variable.fields) : undefined;
  return {
    name,
    in: "path",
    required: true,
    schema,
    ...describing(rest ? ["All the rest of the path; its slashes are not encoded"] : []),
    ...(value === undefined ? {} : { example: value }),
  };
}

function queryOf(binding: Binding, schemas: MessageSchemas, example: JsonObject | undefined): readonly JsonObject[] {
  const required = new Set(requiredFields(binding.desc.input));
  return queryParameters(binding).map(({ name, field, top }) => {
    const isRequired = top && required.has(field.name);
    const value = isRequired ? valueAt(example, [field]) : undefined;
    return {
      name,
      in: "query",
      ...(isRequired ? { required: true } : {}),
      schema: schemas.field(field, "in"),
      ...(value === undefined ? {} : { example: value }),
    };
  });
}

function requestBody(
  binding: Binding,
  schemas: MessageSchemas,
  example: JsonObject | undefined,
): JsonObject | undefined {
  const { body, desc } = binding;
  if (body.kind === "none") return undefined;
  if (takesAnyBody(binding)) return { content: anyContent };
  const bound = boundFields(binding);
  const names = new Set([...bound].map(({ name }) => name));
  const schema =
    body.kind === "field"
      ? schemas.field(body.field, "in")
      : bound.size === 0
        ? schemas.refer(desc.input, "in")
        : schemas.whole(desc.input, "in", bound);
  const value =
    body.kind === "field"
      ? example?.[body.field.name]
      : example && Object.fromEntries(Object.entries(example).filter(([name]) => !names.has(name)));
  return {
    required: requiredFields(desc.input).some((name) => !names.has(name)),
    content: { "application/json": { schema, ...(value === undefined ? {} : { example: value }) } },
  };
}

const anyContent = { "*/*": { schema: { type: "string", format: "binary" } } } as const;

function success({ binding, json }: Route, { schemas, examples }: OperationInit): JsonObject {
  const { desc, responseBody } = binding;
  if (givesAnyBody(binding)) return { description: "Done.", content: anyContent };
  const schema = responseBody === undefined ? schemas.refer(desc.output, "out") : schemas.field(responseBody, "out");
  const whole = examples.answer(desc.output, json);
  const value = responseBody === undefined ? whole : whole?.[responseBody.name];
  const example = value === undefined ? {} : { example: value };
  if (desc.methodKind === "unary")
    return { description: "Done.", content: { "application/json": { schema, ...example } } };
  const line = {
    oneOf: [
      { type: "object", required: ["result"], properties: { result: schema } },
      { type: "object", required: ["problem"], properties: { problem: { $ref: "#/components/schemas/Problem" } } },
    ],
  };
  return {
    description: "A stream: server-sent events with messages as data, then `end` or `problem`; or lines of JSON.",
    content: {
      [streamTypes.sse]: { schema: { type: "string" } },
      [streamTypes.ndjson]: {
        schema: { description: "Each line.", ...line },
        ...(value === undefined ? {} : { example: { result: value } }),
      },
    },
  };
}

/** Longer than this a first sentence is no heading. */
const longestSummary = 120;

/** The first sentence of the comment, else the name as words. */
function summaryOf(name: string, comment: string | undefined): string {
  const first = /^[\s\S]+?(?=[.:;](?:\s|$)|$)/.exec(comment ?? "")?.[0].replaceAll(/\s+/g, " ");
  if (first !== undefined && first.length <= longestSummary) return first;
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function policySentences(contract: MethodContract): string {
  const { name, totalTimeoutMs, noSideEffects, idempotent, idempotencyKey, permission } = contract;
  const repeat = noSideEffects
    ? "Only reads."
    : idempotencyKey !== undefined
      ? `A repeat with the same \`${idempotencyKey.path}\` has no further effect.`
      : idempotent
        ? "A repeat has no further effect."
        : "A repeat acts again, unless it has the same `Idempotency-Key` and the agent goes by it.";
  const who = permission === "*" ? "" : ` Permission: \`${permission}\`.`;
  return `\`${name}\`. ${repeat} At most ${totalTimeoutMs / 1000} s.${who}`;
}

function valueAt(example: JsonObject | undefined, fields: readonly DescField[]): JsonValue | undefined {
  let value: JsonValue | undefined = example;
  for (const { name } of fields) {
    value = typeof value === "object" && value !== null && !Array.isArray(value) ? value[name] : undefined;
  }
  return value;
}
