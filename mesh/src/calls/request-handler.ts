// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

/** A request, whichever HTTP it came by. */
export type Request = IncomingMessage | Http2ServerRequest;
/** Its response. */
export type Response = ServerResponse | Http2ServerResponse;

/** Answers requests. */
export type RequestHandler = (request: Request, response: Response) => void;

/**
 * The same handler, made safe for what a peer may send:
 *
 * - `universalRequestFromNodeRequest` throws, inside Node's event, on a request without an authority (HTTP/1.0 may have none) or with
 *   one that is no part of a URL (`Host: [`), which would end the process. Answered by 400. Whatever else a handler throws
 *   before it answers is its own mistake: 500.
 * - Who leaves a loop over a request destroys it, as Connect does when a body is too large. Over HTTP/1.1 that either
 *   resets the connection before the answer is out, or leaves the rest of the body before the next request, which then
 *   never gets an answer. Here the loop leaves the request whole; `discardRest` takes the rest once it is answered.
 */
export function guarded(handler: RequestHandler): RequestHandler {
  return (request, response) => {
    request[Symbol.asyncIterator] = () => request.iterator({ destroyOnReturn: false });
    try {
      handler(request, response);
    } catch {
      if (response.headersSent) return void response.destroy();
      response.statusCode = authorityIsGood(request) ? 500 : 400;
      response.end();
    }
  };
}

function authorityIsGood(request: Request): boolean {
  const authority = "authority" in request ? request.authority : request.headers.host;
  return authority !== undefined && URL.canParse(`http://${authority}`);
}

/** Reads the rest of a request that was answered before all of it had come, and drops it. */
export function discardRest(request: Request): void {
  if (request.complete) return;
  // A loop that still waits for more would keep the rest waiting too.
  request.removeAllListeners("readable");
  request.resume();
}
