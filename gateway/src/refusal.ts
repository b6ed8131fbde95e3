// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { MeshError } from "@parley/mesh";
import { type Request, toConnectError } from "@parley/mesh/calls";
import type { Exchange } from "./exchange.ts";

/**
 * The same response; one that refuses a request for how it was sent, which Connect answers by the HTTP status alone, says
 * why in its body.
 */
export function explained(
  response: UniversalServerResponse,
  request: Request,
  exchange: Exchange,
): UniversalServerResponse {
  const message = reasonFor(response.status, request, exchange);
  if (message === undefined) return response;
  exchange.error = new MeshError({ code: "UNDECODABLE", message });
  const header = new Headers(response.header);
  header.set("content-type", "application/json");
  return { ...response, header, body: once(errorToJsonBytes(toConnectError(exchange.error), undefined)) };
}

function reasonFor(status: number, request: Request, { contract }: Exchange): string | undefined {
  if (status === 415) {
    const sent = JSON.stringify((request.headers["content-type"] ?? "").slice(0, 80));
    const connect = contract.kind === "unary" ? "application/json, application/proto" : "application/connect+json";
    return `content-type ${sent} is not understood; "${contract.name}" takes ${connect}, or gRPC and gRPC-Web`;
  }
  if (status === 405) return `"${contract.name}" is called by POST, not by ${request.method}`;
  return undefined;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
