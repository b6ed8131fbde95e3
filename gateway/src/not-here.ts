// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "@parley/mesh";
import { type Request, unserved } from "@parley/mesh/calls";
import { problem } from "./rest/problem.ts";
import { text, type Whole } from "./write.ts";

/**
 * Answers a path on which nothing is served: as an RPC server that does not know the method, to whoever calls one; by a
 * problem elsewhere.
 */
export function notHere(request: Request, path: string): Whole {
  const call = unserved(request, path);
  if (call !== undefined) return call;
  if (!/^\/[\w.]+\.\w+\/\w+$/.test(path)) return problem(nobody(path));
  return text(404, "Nothing here. GET / says what there is.\n");
}

function nobody(path: string): MeshError {
  const message = `${JSON.stringify(path.slice(0, 200))} is no path that is served here; GET / says what there is`;
  return new MeshError({ code: "UNIMPLEMENTED", message });
}
