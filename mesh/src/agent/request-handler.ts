// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createConnectRouter } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { explained } from "../calls/explained.ts";
import { mountHealth } from "../calls/health.ts";
import type { HealthBoard } from "../calls/health-board.ts";
import { completeServedErrors, mountMethods } from "../calls/http-door.ts";
import { callLimits } from "../calls/limits.ts";
import { mountReflection } from "../calls/reflection.ts";
import type { Request, RequestHandler, Response } from "../calls/request-handler.ts";
import type { ServedMethods } from "../calls/served-methods.ts";
import { unserved, type WholeAnswer } from "../calls/unserved.ts";
import type { Contracts } from "../contracts/contracts.ts";

/** What a host answers on its port. */
export interface AnswersInit {
  readonly served: ServedMethods;
  readonly contracts: Contracts;
  readonly health: HealthBoard;
  /** Aborts when the host drains; ends watches that would go on for ever. */
  readonly closing: AbortSignal;
}

/**
 * Connect, gRPC and gRPC-Web for what is served, with health and reflection. Connect's own adapter would do, but it writes to
 * the console when a client goes away, and leaves such a response open.
 */
export function requestHandler({ served, contracts, health, closing }: AnswersInit): RequestHandler {
  const router = createConnectRouter({
    ...callLimits,
    acceptCompression: [compressionGzip, compressionBrotli],
    requestGate: completeServedErrors(served),
  });
  mountMethods(router, served);
  mountHealth(router, health, { shutdownSignal: closing });
  mountReflection(router, contracts.registry, { shutdownSignal: closing });
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    const handler = handlers.get(path);
    if (handler === undefined) notHere(request, response, path);
    else answer(handler, { request, response, method: served.get(path.slice(1)) });
  };
}

interface Asked {
  readonly request: Request;
  readonly response: Response;
  /** Undefined: the host's own, health or reflection. */
  readonly method: ReturnType<ServedMethods["get"]>;
}

function answer(handler: UniversalHandler, { request, response, method }: Asked): void {
  handler(universalRequestFromNodeRequest(request, response, undefined, undefined))
    .then((outgoing) => {
      if (method === undefined) return universalResponseToNodeResponse(outgoing, response);
      const called = { kind: method.desc.methodKind, name: method.operation.name };
      return universalResponseToNodeResponse(explained(outgoing, request, called).response, response);
    })
    // The client is gone; there is nobody to tell.
    .catch(() => response.destroy());
}

function notHere(request: Request, response: Response, path: string): void {
  const { status, headers, body }: WholeAnswer = unserved(request, path) ?? { status: 404, headers: [] };
  response.statusCode = status;
  for (const [name, value] of headers) response.setHeader(name, value);
  if (body === undefined) response.end();
  else response.end(body);
}
