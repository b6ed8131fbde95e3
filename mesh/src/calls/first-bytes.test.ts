// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { onFirstBytes, type Protocol } from "./first-bytes.ts";
import { rawPeer } from "./testdata/raw-peer.ts";

interface Seen {
  readonly protocol: Protocol | undefined;
  /** What a reader finds that takes over when it is told. */
  readonly bytes: string;
}

let server: Server;
let url: string;
let timeoutMs = 60_000;
let waiting: (seen: Seen) => void = () => {};

beforeAll(async () => {
  server = createServer((socket: Socket) => {
    socket.on("error", () => {});
    onFirstBytes(socket, timeoutMs, (protocol) => {
      let bytes = "";
      socket.on("data", (chunk) => {
        bytes += chunk;
      });
      socket.on("close", () => waiting({ protocol, bytes }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
});
afterAll(() => void server.close());

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

test.each([
  [["GET / HTTP/1.1\r\n\r\n"], "http1"],
  [["P", "OST / HTTP/1.1\r\n\r\n"], "http1"],
  [["PRI * HTTP/1.1\r\n"], "http1"],
  [["x"], "http1"],
  [[preface], "http2"],
  [[...preface], "http2"],
  [[preface.slice(0, 10), `${preface.slice(10)}more`], "http2"],
  [[preface.slice(0, 23), "x"], "http1"],
  [[], undefined],
  [["PRI * HTTP"], undefined],
] as const)("%j is %s, and nothing of it is lost", async (pieces, protocol) => {
  const seen = new Promise<Seen>((resolve) => {
    waiting = resolve;
  });
  const { socket, ended } = rawPeer(url);
  socket.setNoDelay(true);
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, resolve));
    await new Promise(setImmediate);
  }
  socket.end();
  await ended;
  expect(await seen).toEqual({ protocol, bytes: protocol === undefined ? "" : pieces.join("") });
});

test("a connection that says too little for too long is closed", async () => {
  timeoutMs = 20;
  const seen = new Promise<Seen>((resolve) => {
    waiting = resolve;
  });
  await rawPeer(url, "PRI").ended;
  expect(await seen).toEqual({ protocol: undefined, bytes: "" });
});
