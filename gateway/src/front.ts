// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createContextValues } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { Clock, Host } from "@parley/mesh";
import { explained, type Request, type RequestHandler } from "@parley/mesh/calls";
import type { MethodContract } from "@parley/mesh/contracts";
import type { Answer } from "./answers.ts";
import { beginExchange, type Exchange, exchangeKey } from "./exchange.ts";
import { asksForLoopback } from "./loopback.ts";
import { notHere } from "./not-here.ts";
import { pageFor } from "./pages.ts";
import { restVisit } from "./rest/rest-visit.ts";
import type { Served } from "./served.ts";
import { boundTimeouts } from "./timeouts.ts";
import { idsOf } from "./told.ts";
import { endWith, type Visit } from "./visit.ts";
import { headless, text, write } from "./write.ts";

/** What the front stands before. */
export interface FrontInit {
  /** What is served at this moment; a call stays with what it began with. */
  readonly served: () => Served;
  readonly send: Host["send"];
  readonly clock: Clock;
  /** Ends streams when it aborts, with its reason. */
  readonly closing: AbortSignal;
  /** Whether only those are answered who ask for this machine by a name of its own. */
  readonly loopbackOnly: boolean;
}

/** Answers every request that comes to the gateway's port. */
export function front({ served, send, clock, closing, loopbackOnly }: FrontInit): RequestHandler {
  return (request, response) => {
    if (loopbackOnly && !asksForLoopback(request))
      return write(response, text(403, "Ask for 127.0.0.1 or localhost.\n"));
    const now = served();
    const url = request.url ?? "";
    const [path = ""] = url.split("?", 1);
    const visit = { request, response, clock, closing };
    const answer = now.answers.get(path);
    if (answer !== undefined) return respond(answer, visit);
    const page = pageFor(request, path, now);
    if (page !== undefined) return write(response, headless(request, page));
    const refused = restVisit({ ...visit, send, url, path, routes: now.rest });
    if (refused !== "answered") write(response, headless(request, refused ?? notHere(request, path)));
  };
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

/** What goes back to the client, with the ids by which an operator finds the call. */
function told(outgoing: UniversalServerResponse, request: Request, exchange: Exchange): UniversalServerResponse {
  const { response, error } = explained(outgoing, request, exchange.contract);
  exchange.error = error ?? exchange.error;
  const { header: own, ...same } = response;
  const header = new Headers(own);
  for (const [name, value] of idsOf(exchange)) header.set(name, value);
  return { ...same, header };
}

function begin(contract: MethodContract, { request, response, clock, closing }: Visit, gone: AbortSignal): Exchange {
  const signal = contract.kind === "unary" ? gone : AbortSignal.any([gone, closing]);
  const exchange = beginExchange({ contract, request, signal, clock });
  endWith(response, exchange);
  return exchange;
}
