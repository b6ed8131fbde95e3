// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createServer, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { PortLimits } from "./limits.ts";
import { discardRest, type RequestHandler } from "./request-handler.ts";

/** One protocol of a port: takes over connections that speak it. */
export interface ProtocolSide {
  /** Serves this connection from now on; its first bytes must be in its buffer again. */
  take(socket: Socket): void;
  /** Lets every connection end as soon as its requests are answered; closes those without a request now. */
  drain(): void;
}

/** HTTP/1.1 over connections that a port accepted. */
export function http1Side(handler: RequestHandler, limits: PortLimits): ProtocolSide {
  const open = new Set<ServerResponse>();
  let draining = false;

  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      // Node refuses a longer one than for the whole request.
      headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.idleTimeoutMs,
      // Both timeouts are noticed only when Node looks.
      connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    },
    (request, response) => {
      open.add(response);
      response.once("close", () => {
        open.delete(response);
        // Node counts the connection as idle only after this event.
        if (draining) setImmediate(() => server.closeIdleConnections());
      });
      response.once("finish", () => discardRest(request));
      if (draining) response.shouldKeepAlive = false;
      handler(request, response);
    },
  );
  server.maxRequestsPerSocket = limits.maxRequestsPerSocket;
  // Warning: Node starts looking for slow requests at this event, which a server that is handed its connections never
  // gets by itself; without it neither timeout is ever enforced.
  server.emit("listening");

  return {
    take: (socket) => void server.emit("connection", socket),
    drain() {
      draining = true;
      for (const response of open) if (!response.headersSent) response.shouldKeepAlive = false;
      // Closes idle connections, and looks for slow requests no more: what is left is bounded by the port.
      server.close();
    },
  };
}
