// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Host, MeshError } from "@parley/mesh";
import { undecodable } from "../undecodable.ts";
import type { Visit } from "../visit.ts";
import type { Whole } from "../write.ts";
import { answerRest } from "./answer-rest.ts";
import { problem } from "./problem.ts";
import { RequestPath } from "./request-path.ts";
import type { RouteTable } from "./route-table.ts";

/** Bytes of path and query; far below what the port lets headers have together. */
const maxUrl = 4096;

/** A request that may be one for REST. */
export interface RestVisitInit extends Visit {
  /** With its query. */
  readonly url: string;
  readonly path: string;
  readonly routes: RouteTable;
  readonly send: Host["send"];
}

/** Answers a request by its route, or gives the answer that it gets without one; unset where nobody knows the path. */
export function restVisit({ url, path, routes, ...visit }: RestVisitInit): "answered" | Whole | undefined {
  const method = visit.request.method ?? "GET";
  if (url.length > maxUrl) return tooLong(url.length);
  let requestPath: RequestPath;
  try {
    requestPath = new RequestPath(path);
  } catch (thrown) {
    return problem(MeshError.from(thrown));
  }
  const found = routes.find(method, requestPath);
  switch (found.kind) {
    case "nothing":
      return undefined;
    case "other-methods":
      return otherMethods(method, path, found.allowed);
    case "route":
      answerRest({ ...visit, route: found.route, path: requestPath, query: url.slice(path.length + 1) });
      return "answered";
  }
}

/** OPTIONS is answered without CORS headers: pages of other origins are not let in. */
function otherMethods(method: string, path: string, allowed: readonly string[]): Whole {
  const allow = ["allow", ["OPTIONS", ...allowed].join(", ")] as const;
  if (method === "OPTIONS") return { status: 204, headers: [allow] };
  const message = `${JSON.stringify(path.slice(0, 200))} is called by ${allowed.join(" or ")}, not by ${method}`;
  return problem(new MeshError({ code: "UNIMPLEMENTED", message }), { status: 405, headers: [allow] });
}

function tooLong(length: number): Whole {
  const message = `the URL has ${length} characters, at most ${maxUrl} are read; use a path with a body`;
  return problem(undecodable(message), { status: 414 });
}
