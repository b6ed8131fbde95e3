// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { MeshError } from "../mesh-error.ts";
import { toConnectError } from "./connect-error.ts";
import type { Request } from "./request-handler.ts";

/** An answer that is whole at once. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body?: Uint8Array | undefined;
}

/**
 * Answers who calls a method that is not served here, as an RPC server does that does not know it; undefined for who calls
 * none, such as a browser.
 */
export function unserved(request: Pick<Request, "headers" | "method">, path: string): WholeAnswer | undefined {
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("application/grpc")) return forGrpc(type, path);
  const isCall = request.method === "POST" && /^\/[\w.]+\.\w+\/\w+$/.test(path);
  return isCall ? forConnect(path) : undefined;
}

/** A status without a message, in the headers, as both kinds of gRPC have it for calls that never began. */
function forGrpc(type: string, path: string): WholeAnswer {
  const headers = new Headers({ "content-type": type });
  setTrailerStatus(headers, toConnectError(unimplemented(path)));
  return { status: 200, headers };
}

function forConnect(path: string): WholeAnswer {
  const body = errorToJsonBytes(toConnectError(unimplemented(path)), undefined);
  return { status: 404, headers: [["content-type", "application/json"]], body };
}

function unimplemented(path: string): MeshError {
  const shown = JSON.stringify(path.slice(1, 200));
  return new MeshError({ code: "UNIMPLEMENTED", message: `${shown} is no method that is served here` });
}
