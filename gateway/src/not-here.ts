// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { MeshError } from "@parley/mesh";
import { type Request, toConnectError } from "@parley/mesh/calls";
import { problem } from "./rest/problem.ts";
import { text, type Whole } from "./write.ts";

/**
 * Answers a path on which nothing is served: as an RPC server that does not know the method, to whoever calls one; by a
 * problem elsewhere.
 */
export function notHere(request: Request, path: string): Whole {
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("application/grpc")) return forGrpc(type, path);
  if (!/^\/[\w.]+\.\w+\/\w+$/.test(path)) return problem(nobody(path));
  if (request.method === "POST") return forConnect(path);
  return text(404, "Nothing here. GET / says what there is.\n");
}

/** A status without a message, in the headers, as both kinds of gRPC have it for calls that never began. */
function forGrpc(type: string, path: string): Whole {
  const headers = new Headers({ "content-type": type });
  setTrailerStatus(headers, toConnectError(unimplemented(path)));
  return { status: 200, headers };
}

function forConnect(path: string): Whole {
  const body = errorToJsonBytes(toConnectError(unimplemented(path)), undefined);
  return { status: 404, headers: [["content-type", "application/json"]], body };
}

function unimplemented(path: string): MeshError {
  const shown = JSON.stringify(path.slice(1, 200));
  return new MeshError({ code: "UNIMPLEMENTED", message: `${shown} is no method that is served here` });
}

function nobody(path: string): MeshError {
  const message = `${JSON.stringify(path.slice(0, 200))} is no path that is served here; GET / says what there is`;
  return new MeshError({ code: "UNIMPLEMENTED", message });
}
