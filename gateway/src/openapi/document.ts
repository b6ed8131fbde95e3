// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import { createRegistry, type DescService, type JsonObject } from "@bufbuild/protobuf";
import type { Route } from "../rest/route.ts";
import type { Comments } from "./comments.ts";
import { Examples } from "./example.ts";
import { describing, MessageSchemas } from "./message-schemas.ts";
import { openApiPath } from "./openapi-path.ts";
import { operationOf } from "./operation.ts";
import { anyProblem, problemResponses, problemSchema } from "./problem-responses.ts";

/** HTTP methods that OpenAPI 3.1 has a place for. */
const known: ReadonlySet<string> = new Set(["GET", "PUT", "POST", "DELETE", "PATCH"]);

const parameters: JsonObject = {
  IdempotencyKey: {
    name: "Idempotency-Key",
    in: "header",
    description: "The same for every repeat of one request, e.g. a UUID.",
    schema: { type: "string", minLength: 1, maxLength: 255 },
  },
  Timeout: {
    name: "X-Timeout",
    in: "header",
    description:
      "How long you wait, in seconds; `Prefer: wait=…` says the same. Never longer than the contract allows.",
    schema: { type: "string", pattern: "^[0-9]+(\\.[0-9]{1,3})?(s|ms)?$" },
  },
};

/**
 * The OpenAPI 3.1 document of the routes. Routes by other HTTP methods than OpenAPI knows are left out, and of routes that
 * differ in nothing that OpenAPI can say only the first is there.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function openApiDocument(routes: readonly Route[], comments: Comments): JsonObject {
  const registry = routes[0]?.json.registry ?? createRegistry();
  const schemas = new MessageSchemas(registry, comments);
  const examples = new Examples((field) => schemas.field(field, "in"), registry);
  const paths: Record<string, JsonObject> = {};
  const calls = new Map<string, number>();
  const services = new Set<DescService>();
  for (const route of routes) {
    const { httpMethod, desc } = route.binding;
    if (!known.has(httpMethod)) continue;
    const path = openApiPath(route.binding);
    const item = paths[path.path] ?? {};
    if (item[httpMethod.toLowerCase()] !== undefined) continue;
    const name = `${desc.parent.name}_${desc.name}`;
    const nth = (calls.get(name) ?? 0) + 1;
    calls.set(name, nth);
    services.add(desc.parent);
    const operationId = nth === 1 ? name : `${name}_${nth}`;
    paths[path.path] = {
      ...item,
      [httpMethod.toLowerCase()]: operationOf(route, { schemas, examples, comments, path, operationId }),
    };
  }
  const components = {
    schemas: { ...schemas.all, Problem: problemSchema },
    responses: { ...problemResponses, Problem: anyProblem },
    parameters,
  };
  const version = createHash("sha256").update(JSON.stringify({ paths, components })).digest("hex").slice(0, 12);
  return {
    openapi: "3.1.1",
    info: {
      title: "Parley mesh",
      version,
      description:
        "What the agents of this mesh offer by REST, made from their contracts as they are served now. Errors are explained at [/docs/errors](/docs/errors).",
    },
    servers: [{ url: "/" }],
    tags: tagsOf(services, comments),
    paths,
    components,
  };
}

function tagsOf(services: Iterable<DescService>, comments: Comments): JsonObject[] {
  const sorted = [...services].sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
  return sorted.map((service) => ({ name: service.typeName, ...describing([], comments.of(service)) }));
}
