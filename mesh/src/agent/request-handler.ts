// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { connectNodeAdapter } from "@connectrpc/connect-node";
import { mountHealth } from "../calls/health.ts";
import type { HealthBoard } from "../calls/health-board.ts";
import { completeServedErrors, mountMethods } from "../calls/http-door.ts";
import { callLimits } from "../calls/limits.ts";
import { mountReflection } from "../calls/reflection.ts";
import type { RequestHandler } from "../calls/request-handler.ts";
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

/** Connect, gRPC and gRPC-Web for what is served, with health and reflection. */
export function requestHandler({ served, contracts, health, closing }: AnswersInit): RequestHandler {
  return connectNodeAdapter({
    ...callLimits,
    requestGate: completeServedErrors(served),
    routes(router) {
      mountMethods(router, served);
      mountHealth(router, health, { shutdownSignal: closing });
      mountReflection(router, contracts.registry, { shutdownSignal: closing });
    },
    fallback: notHere,
  });
}

const notHere: ReturnType<typeof connectNodeAdapter> = (request, response) => {
  const [path = ""] = (request.url ?? "").split("?", 1);
  const { status, headers, body }: WholeAnswer = unserved(request, path) ?? { status: 404, headers: [] };
  response.statusCode = status;
  for (const [name, value] of headers) response.setHeader(name, value);
  if (body === undefined) response.end();
  else response.end(body);
};
