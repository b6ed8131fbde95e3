// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import type { MethodContract } from "../contracts/policy.ts";
import { MeshError } from "../mesh-error.ts";
import { toConnectError } from "./connect-error.ts";
import type { Request } from "./request-handler.ts";

/** What a request was for. */
type Called = Pick<MethodContract, "kind" | "name">;

/** A response, and the error that it says by now. */
export interface Explained {
  readonly response: UniversalServerResponse;
  /** Undefined: the response is as it was. */
  readonly error: MeshError | undefined;
}

/** A response that refuses a request for how it was sent, which Connect answers by the HTTP status alone, says why in its body. */
export function explained(
  response: UniversalServerResponse,
  request: Pick<Request, "headers" | "method">,
  called: Called,
): Explained {
  const message = reasonFor(response.status, request, called);
  if (message === undefined) return { response, error: undefined };
  const error = new MeshError({ code: "UNDECODABLE", message });
  const header = new Headers(response.header);
  header.set("content-type", "application/json");
  const body = once(errorToJsonBytes(toConnectError(error), undefined));
  return { response: { ...response, header, body }, error };
}

function reasonFor(
  status: number,
  { headers, method }: Pick<Request, "headers" | "method">,
  { kind, name }: Called,
): string | undefined {
  if (status === 415) {
    const sent = JSON.stringify((headers["content-type"] ?? "").slice(0, 80));
    const connect = kind === "unary" ? "application/json, application/proto" : "application/connect+json";
    return `content-type ${sent} is not understood; "${name}" takes ${connect}, or gRPC and gRPC-Web`;
  }
  if (status === 405) return `"${name}" is called by POST, not by ${method}`;
  return undefined;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
