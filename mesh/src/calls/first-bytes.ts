// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Socket } from "node:net";

/** What a connection speaks. */
export type Protocol = "http1" | "http2";

/**
 * With these bytes every HTTP/2 connection begins, and no HTTP/1.1 request can.
 * https://www.rfc-editor.org/rfc/rfc9113#section-3.4
 */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** Told once what the connection speaks; undefined: it ended, broke, or was silent for too long, and is closed. */
export type Recognised = (protocol: Protocol | undefined) => void;

/**
 * Reads the first bytes of a connection, tells which protocol they begin, and puts them back. Calls back at the first byte
 * that differs from the HTTP/2 preface, at latest after 24. Listens to nothing any more when it calls back.
 */
export function onFirstBytes(socket: Socket, timeoutMs: number, recognised: Recognised): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => settle(undefined), timeoutMs);

  const onReadable = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const compared = Math.min(seen.length, preface.length);
    if (!seen.subarray(0, compared).equals(preface.subarray(0, compared))) settle("http1");
    else if (compared === preface.length) settle("http2");
  };
  const onGone = () => settle(undefined);

  const settle = (protocol: Protocol | undefined) => {
    clearTimeout(timer);
    socket.off("readable", onReadable).off("end", onGone).off("close", onGone);
    if (protocol === undefined) socket.destroy();
    // All that was read goes back in one piece: Node's HTTP/2 session takes one buffered chunk safely, not several.
    else socket.unshift(seen);
    recognised(protocol);
  };

  socket.on("readable", onReadable).on("end", onGone).on("close", onGone);
}
