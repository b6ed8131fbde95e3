// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { ProtocolSide } from "./http1-side.ts";
import type { PortLimits } from "./limits.ts";
import { discardRest, type RequestHandler } from "./request-handler.ts";

/** Milliseconds that a client gets to end its side of a connection after the server has. */
const farewellMs = 1000;

/** HTTP/2 without TLS, by prior knowledge, over connections that a port accepted. */
export function http2Side(handler: RequestHandler, limits: PortLimits): ProtocolSide {
  const sessions = new Set<ServerHttp2Session>();

  const server = createServer(
    {
      settings: { maxConcurrentStreams: limits.maxConcurrentStreams, maxHeaderListSize: limits.maxHeaderBytes },
      streamResetBurst: limits.streamResetBurst,
      streamResetRate: limits.streamResetRate,
      maxSessionMemory: limits.maxSessionMemoryMib,
    },
    (request, response) => {
      // Warning: the response itself says "finish" only when the whole stream has ended.
      request.stream.once("finish", () => discardRest(request));
      handler(request, response);
    },
  );
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    closeWhenIdle(session, limits.idleTimeoutMs);
    session.on("stream", (stream) => boundRequest(stream, limits.requestTimeoutMs));
  });

  return {
    take(socket) {
      // Node does not cut a connection that it has ended itself: it waits for the client to end it too, however long.
      socket.once("finish", () => setTimeout(() => socket.destroy(), farewellMs).unref());
      server.emit("connection", socket);
    },
    drain() {
      // Tells the client by GOAWAY which streams are still served and refuses all later ones, which have surely not run. It
      // ends the connection after the last stream. Announcing the end first (a GOAWAY that refuses none) would spare even
      // those, but Node stops reading a session without streams as soon as any GOAWAY is sent.
      // https://www.rfc-editor.org/rfc/rfc9113#section-6.8
      for (const session of sessions) session.close();
    },
  };
}

/** Node's session timeout also ends a session whose streams are only quiet; this one looks at open streams alone. */
function closeWhenIdle(session: ServerHttp2Session, idleTimeoutMs: number): void {
  let open = 0;
  const idle = () => setTimeout(() => session.close(), idleTimeoutMs).unref();
  let timer = idle();
  session.on("stream", (stream) => {
    open += 1;
    clearTimeout(timer);
    stream.once("close", () => {
      open -= 1;
      if (open === 0 && !session.closed) timer = idle();
    });
  });
  session.once("close", () => clearTimeout(timer));
}

/**
 * Bounds how long a client may take to send a request, which Node does for HTTP/1.1 only. While the response is under way
 * the client may have more to say at any time, so then it has no bound; afterwards it has the same again.
 */
function boundRequest(stream: ServerHttp2Stream, requestTimeoutMs: number): void {
  const bounded = () =>
    setTimeout(() => {
      const responding = stream.headersSent && !stream.writableFinished;
      const complete = stream.destroyed || stream.state.remoteClose === 1;
      if (!complete && !responding) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    }, requestTimeoutMs).unref();
  let timer = bounded();
  stream.once("finish", () => {
    clearTimeout(timer);
    timer = bounded();
  });
  stream.once("close", () => clearTimeout(timer));
}
