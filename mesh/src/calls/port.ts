// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createServer, type Server, type Socket } from "node:net";
import { MeshError } from "../mesh-error.ts";
import { onFirstBytes } from "./first-bytes.ts";
import { http1Side } from "./http1-side.ts";
import { http2Side } from "./http2-side.ts";
import { type PortLimits, portLimits } from "./limits.ts";
import { guarded, type RequestHandler } from "./request-handler.ts";

/** An open port. */
export interface Port {
  /** Where it is reached from this machine, e.g. `http://127.0.0.1:41233`; no slash at the end. */
  readonly url: string;
  /** Connections that are open now. */
  readonly connections: number;
  /**
   * Takes no new connection, tells every open one to send no more, and waits until the requests in progress are answered.
   * What is left after `graceMs` is cut off. Handlers that wait for the end of a client (a watch) must be told to end by
   * other means, or they use up the whole of it.
   */
  drain(graceMs: number): Promise<void>;
  /** Cuts everything off at once. Safe to call again, also during a drain. */
  close(): Promise<void>;
}

/** What to open. */
export interface PortOptions {
  /** Answers all requests; a request over HTTP/2 is a Http2ServerRequest. */
  readonly handler: RequestHandler;
  /** Default: 127.0.0.1, so nobody else can connect. "::" or "0.0.0.0" let others in. */
  readonly host?: string | undefined;
  /** Default: 0, any free port. */
  readonly port?: number | undefined;
  /** What differs from `portLimits`. */
  readonly limits?: Partial<PortLimits> | undefined;
}

/**
 * Opens one plaintext TCP port for HTTP/1.1 and HTTP/2 (prior knowledge; what gRPC speaks), told apart by the first bytes
 * of a connection. Resolves when it listens; rejects with PORT_UNAVAILABLE when the port is taken or
 * not allowed.
 */
export async function openPort(options: PortOptions): Promise<Port> {
  const limits = { ...portLimits, ...options.limits };
  const handler = guarded(options.handler);
  const sides = { http1: http1Side(handler, limits), http2: http2Side(handler, limits) };
  const sockets = new Set<Socket>();
  // Connections that have not said yet what they speak; they hold no request.
  const unknown = new Set<Socket>();

  // TCP's keep-alive finds peers that are gone without a word.
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
  server.maxConnections = limits.maxConnections;
  server.on("connection", (socket) => {
    sockets.add(socket);
    unknown.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // Warning: Node takes its own listener away when it closes a connection; a late reset must not end the process.
    socket.on("error", () => {});
    onFirstBytes(socket, limits.firstBytesTimeoutMs, (protocol) => {
      unknown.delete(socket);
      if (protocol !== undefined) sides[protocol].take(socket);
    });
  });

  const url = await listen(server, options.host ?? "127.0.0.1", options.port ?? 0);
  const closed = new Promise<void>((resolve) => server.once("close", resolve));

  const stop = () => {
    server.close();
    sides.http1.drain();
    sides.http2.drain();
  };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url,
    get connections() {
      return sockets.size;
    },
    async drain(graceMs) {
      stop();
      for (const socket of unknown) socket.destroy();
      const timer = setTimeout(cut, graceMs);
      await closed;
      clearTimeout(timer);
    },
    async close() {
      stop();
      cut();
      await closed;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    // Stays: a later error, as of an accept that finds no file descriptor left, costs one connection and not the process.
    server.on("error", (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
    server.listen({ host, port }, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new TypeError("A TCP server has an address of three parts.");
  return `http://${reachable(address.address)}:${address.port}`;
}

/** A wildcard address is not one to connect to. */
function reachable(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  if (address === "::") return "[::1]";
  return address.includes(":") ? `[${address}]` : address;
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): MeshError {
  const where = `port ${port} on "${host}"`;
  const message =
    error.code === "EADDRINUSE"
      ? `Cannot listen on ${where}: something else does. Stop it, or choose another port; 0 takes a free one.`
      : error.code === "EACCES"
        ? `Cannot listen on ${where}: not allowed. Choose a port above 1023; 0 takes a free one.`
        : `Cannot listen on ${where}: ${error.message}. Check host and port.`;
  return new MeshError({ code: "PORT_UNAVAILABLE", message, cause: error });
}
