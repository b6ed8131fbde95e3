// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { MeshError } from "../../../mesh-error.ts";
import { type HttpBinding, httpBindings } from "../../http/http-binding.ts";
import { shapeOf } from "../../http/path-template.ts";
import type { LintedContracts } from "../linted-contracts.ts";
import type { Problem, Rule } from "../rule.ts";

/** What google.api.http says can be served: paths parse, fields exist, and what GET calls only reads. */
export const httpPath: Rule = {
  name: "http-path",
  *check({ methods }) {
    for (const element of methods) {
      const bindings = readBindings(element);
      if (typeof bindings === "string") {
        yield { element, wrong: bindings, write: 'e.g. option (google.api.http) = {get: "/api/things/{thing_id}"};' };
      } else if (bindings.some(isGet) && element.idempotency !== Level.NO_SIDE_EFFECTS) {
        yield {
          element,
          wrong: `"${element.name}" is called by GET, which browsers and caches repeat, but may have side effects`,
          write: "option idempotency_level = NO_SIDE_EFFECTS; or post instead of get",
        };
      }
    }
  },
};

/** No two methods answer the same HTTP method on the same paths. */
export const httpConflict: Rule = {
  name: "http-conflict",
  *check(contracts) {
    const taken = new Map<string, DescMethod>();
    for (const binding of bindingsOf(contracts)) {
      const route = `${binding.httpMethod} ${shapeOf(binding.template)}`;
      const holder = taken.get(route);
      if (holder !== undefined) yield conflict(binding, holder);
      taken.set(route, holder ?? binding.desc);
    }
  },
};

function* bindingsOf({ methods }: LintedContracts): Iterable<HttpBinding> {
  for (const method of methods) {
    const bindings = readBindings(method);
    if (typeof bindings !== "string") yield* bindings;
  }
}

/** The bindings of a method, or what is wrong with them. */
function readBindings(method: DescMethod): readonly HttpBinding[] | string {
  try {
    return httpBindings(method);
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return error.message;
  }
}

function conflict({ desc, httpMethod, template }: HttpBinding, holder: DescMethod): Problem {
  const name = `${holder.parent.typeName}/${holder.name}`;
  return {
    element: desc,
    wrong: `"${httpMethod} ${template.text}" of "${desc.name}" already calls "${name}"`,
    write: "a path of its own",
  };
}

function isGet({ httpMethod }: HttpBinding): boolean {
  return httpMethod === "GET";
}
