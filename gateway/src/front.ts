// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createContextValues } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { type Clock, MeshError } from "@parley/mesh";
import { type Request, type RequestHandler, type Response, traceIdOf } from "@parley/mesh/calls";
import type { MethodContract } from "@parley/mesh/contracts";
import type { Answer, Answers } from "./answers.ts";
import { beginExchange, type Exchange, exchangeKey } from "./exchange.ts";
import { frontPage } from "./front-page.ts";
import { asksForLoopback } from "./loopback.ts";
import { notHere } from "./not-here.ts";
import { explained } from "./refusal.ts";
import { boundTimeouts } from "./timeouts.ts";
import { text, write } from "./write.ts";

/** Under which the trace of a call is given back, also when it failed: what a person quotes to the operator. */
const traceHeader = "x-trace-id";

/** What the front stands before. */
export interface FrontInit {
  /** What is served at this moment; a call stays with what it began with. */
  readonly answers: () => Answers;
  readonly clock: Clock;
  /** Ends streams when it aborts, with its reason. */
  readonly closing: AbortSignal;
  /** Whether only those are answered who ask for this machine by a name of its own. */
  readonly loopbackOnly: boolean;
}

/** Answers every request that comes to the gateway's port. */
export function front({ answers, clock, closing, loopbackOnly }: FrontInit): RequestHandler {
  return (request, response) => {
    if (loopbackOnly && !asksForLoopback(request))
      return write(response, text(403, "Ask for 127.0.0.1 or localhost.\n"));
    const served = answers();
    const [path = ""] = (request.url ?? "").split("?", 1);
    const answer = served.get(path);
    if (answer !== undefined) return respond(answer, { request, response, clock, closing });
    const reads = request.method === "GET" || request.method === "HEAD";
    const page = path === "/" && reads ? text(200, frontPage(served)) : notHere(request, path);
    write(response, request.method === "HEAD" ? { ...page, body: undefined } : page);
  };
}

interface Visit {
  readonly request: Request;
  readonly response: Response;
  readonly clock: Clock;
  readonly closing: AbortSignal;
}

function respond({ handler, contract }: Answer, visit: Visit): void {
  const { request, response } = visit;
  const values = createContextValues();
  // Throws, before anything has begun, on a request whose authority is no part of a URL.
  const incoming = universalRequestFromNodeRequest(request, response, undefined, values);
  boundTimeouts(incoming.header);
  const exchange = contract === undefined ? undefined : begin(contract, visit, incoming.signal);
  values.set(exchangeKey, exchange);
  handler(incoming)
    .then((outgoing) =>
      universalResponseToNodeResponse(exchange === undefined ? outgoing : told(outgoing, request, exchange), response),
    )
    // The client is gone; there is nobody to tell.
    .catch(() => response.destroy());
}

/** What goes back to the client, with the trace by which an operator finds the call. */
function told(outgoing: UniversalServerResponse, request: Request, exchange: Exchange): UniversalServerResponse {
  const { header: own, ...same } = explained(outgoing, request, exchange);
  const header = new Headers(own);
  header.set(traceHeader, traceIdOf(exchange.span.context));
  return { ...same, header };
}

function begin(contract: MethodContract, { request, response, clock, closing }: Visit, gone: AbortSignal): Exchange {
  const signal = contract.kind === "unary" ? gone : AbortSignal.any([gone, closing]);
  const exchange = beginExchange({ contract, request, signal, clock });
  response.once("close", () => {
    if (!response.writableEnded) exchange.error ??= canceled(contract);
    exchange.span.end(exchange.error);
  });
  return exchange;
}

function canceled({ name }: MethodContract): MeshError {
  return new MeshError({ code: "CANCELED", message: `"${name}" was canceled by its client`, mayHaveRun: true });
}
