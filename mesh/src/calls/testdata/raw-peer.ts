// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from "node:http2";
import { connect, type Socket } from "node:net";

/** What every HTTP/2 client sends first: the preface and empty settings. */
export const http2Start = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** A TCP connection that sends what no decent client would. */
export interface RawPeer {
  readonly socket: Socket;
  /** All that was received, once the connection has ended, also when it broke. */
  readonly ended: Promise<string>;
  /** Resolves when what was received so far matches, or holds the text. */
  received(sought: RegExp | string): Promise<string>;
}

/** Connects and sends `bytes`. */
export function rawPeer(url: string, bytes: string | Uint8Array = "", allowHalfOpen = false): RawPeer {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen });
  let text = "";
  const waiting = new Set<() => void>();
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    for (const look of waiting) look();
  });
  socket.on("error", () => {});
  const ended = new Promise<string>((resolve) => socket.once("close", () => resolve(text)));
  if (bytes.length > 0) socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  return {
    socket,
    ended,
    received: (sought) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (typeof sought === "string" ? text.includes(sought) : sought.test(text)) resolve(text);
        };
        waiting.add(look);
        look();
        ended.then(() => reject(new Error(`The connection ended with ${JSON.stringify(text)}.`)));
      }),
  };
}

/** How an HTTP/2 request went. */
export interface Outcome {
  readonly status: number | undefined;
  readonly body: string;
  /** An NGHTTP2_… code; 0: ended in peace. */
  readonly resetCode: number | undefined;
}

/** An HTTP/2 session of Node; its errors show in the requests. */
export function http2Peer(url: string): ClientHttp2Session {
  const session = connectHttp2(url);
  session.on("error", () => {});
  return session;
}

/** Sends one request, all of it at once, and waits until it is over. Without a body it is a GET. */
export function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: Uint8Array): Promise<Outcome> {
  const stream = session.request({ ":method": body === undefined ? "GET" : "POST", ...headers });
  if (body === undefined) stream.end();
  else stream.end(body);
  return new Promise((resolve) => {
    let status: number | undefined;
    let received = "";
    stream.on("response", (response) => {
      status = response[":status"];
    });
    stream.on("data", (chunk) => {
      received += chunk;
    });
    stream.on("error", () => {});
    stream.on("close", () => resolve({ status, body: received, resetCode: stream.rstCode }));
  });
}
