// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Http2Session } from "node:http2";
import { type GrpcTransportOptions, Http2SessionManager } from "@connectrpc/connect-node";

/** What transports take; Connect does not export its name. */
type SessionManager = NonNullable<GrpcTransportOptions["sessionManager"]>;

/** The connection to one server, opened when it is needed and opened anew when it broke. */
export interface Http2Sessions extends SessionManager {
  /** Ends it at once, with the calls in progress. */
  abort(): void;
}

/** How a connection is checked. */
export interface PingOptions {
  /** Milliseconds between pings while calls are open. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
}

/**
 * Warning: Connect's own manager stops listening for errors of a connection that it lets go of, also when one is about to be
 * told: that of a server that says good-bye in the same moment. Nobody listening, it would end the process.
 */
export function http2Sessions(endpoint: string, ping?: PingOptions): Http2Sessions {
  const manager = new Http2SessionManager(endpoint, ping);
  const heard = new WeakSet<Http2Session>();
  return {
    authority: manager.authority,
    async request(...args) {
      const stream = await manager.request(...args);
      const { session } = stream;
      if (session !== undefined && !heard.has(session)) {
        heard.add(session);
        session.on("error", () => {});
      }
      return stream;
    },
    notifyResponseByteRead: (stream) => manager.notifyResponseByteRead(stream),
    abort: () => manager.abort(),
  };
}
