// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants } from "node:http2";
import { setTimeout } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { PortLimits } from "./limits.ts";
import { openPort, type Port } from "./port.ts";
import type { RequestHandler } from "./request-handler.ts";
import { ask, http2Peer, http2Start, rawPeer } from "./testdata/raw-peer.ts";

const { NGHTTP2_ENHANCE_YOUR_CALM } = constants;

let port: Port | undefined;
afterEach(() => port?.close());

/** Counts the bytes of a body; sends every piece back as it comes at /talk; never reads at /ignore. */
const handler: RequestHandler = (...either) => {
  // Node's two kinds have what is used here in common, but not in one type.
  const [request, response] = either as [IncomingMessage, ServerResponse];
  if (request.url === "/ignore") return;
  if (request.url === "/talk") {
    response.writeHead(200);
    request.pipe(response);
    return;
  }
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on("end", () => response.end(`${bytes}`));
};

async function open(limits: Partial<PortLimits> = {}): Promise<string> {
  port = await openPort({ handler, limits });
  return port.url;
}

describe("a port bounds HTTP/1.1", () => {
  test.each([
    ["says nothing", ""],
    ["stops within the HTTP/2 preface", "PRI * HTTP/2.0\r\n"],
  ])("closing a connection that %s", async (_what, bytes) => {
    const url = await open({ firstBytesTimeoutMs: 50 });
    expect(await rawPeer(url, bytes).ended).toBe("");
  });

  test.each([
    ["headers", "GET / HTTP/1.1\r\nhost: a\r\n"],
    ["body", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc"],
  ])("answering 408 when the %s do not come", async (_what, bytes) => {
    const url = await open({ headersTimeoutMs: 100, requestTimeoutMs: 100 });
    expect(await rawPeer(url, bytes).ended).toMatch(/^HTTP\/1.1 408 /);
  });

  test("answering 431 to large headers", async () => {
    const url = await open();
    expect((await fetch(url, { headers: { large: "x".repeat(7_000) } })).status).toBe(200);
    expect((await fetch(url, { headers: { large: "x".repeat(9_000) } })).status).toBe(431);
  });

  test("answering no more than its number of requests on one connection", async () => {
    const url = await open({ maxRequestsPerSocket: 2 });
    const peer = rawPeer(url, "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(3));
    const answers = await peer.received(/ 503 /);
    expect(answers.match(/HTTP\/1.1 \d+|Connection: [a-z-]+/g)?.slice(0, 4)).toEqual([
      "HTTP/1.1 200",
      "Connection: keep-alive",
      "HTTP/1.1 200",
      "Connection: close",
    ]);
    peer.socket.destroy();
  });

  test("closing a connection that is idle", async () => {
    const url = await open({ idleTimeoutMs: 50 });
    expect(await rawPeer(url, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").ended).toMatch(/^HTTP\/1.1 200 /);
  });

  test("closing connections above its number", async () => {
    const url = await open({ maxConnections: 1 });
    const first = rawPeer(url, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await first.received(/200 OK/);
    expect(await rawPeer(url, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").ended).toBe("");
    first.socket.destroy();
    await first.ended;
    await expect
      .poll(() =>
        fetch(url).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });
});

describe("a port bounds HTTP/2", () => {
  test("telling its limits to the client", async () => {
    const session = http2Peer(await open());
    const [settings] = await once(session, "remoteSettings");
    expect(settings).toMatchObject({ maxConcurrentStreams: 250, maxHeaderListSize: 8192 });
    session.destroy();
  });

  test("resetting a request that is not sent to its end, but not one whose response has begun", async () => {
    const session = http2Peer(await open({ requestTimeoutMs: 100 }));
    const talk = session.request({ ":path": "/talk", ":method": "POST" });
    talk.write("one");
    expect(`${(await once(talk, "data"))[0]}`).toBe("one");
    // Begun after the other, so that its time is over later.
    const slow = session.request({ ":path": "/", ":method": "POST" });
    slow.write("abc");
    await expect(once(slow, "close")).rejects.toThrow("NGHTTP2_ENHANCE_YOUR_CALM");
    talk.end("two");
    expect(`${(await once(talk, "data"))[0]}`).toBe("two");
    session.destroy();
  });

  test("refusing large headers and serving the session on", async () => {
    const session = http2Peer(await open());
    expect(await ask(session, { ":path": "/", large: "x".repeat(7_000) })).toMatchObject({ status: 200 });
    const large = await ask(session, { ":path": "/", large: "x".repeat(9_000) });
    expect(large).toMatchObject({ status: undefined, resetCode: NGHTTP2_ENHANCE_YOUR_CALM });
    expect(await ask(session, { ":path": "/" })).toMatchObject({ status: 200 });
    session.destroy();
  });

  test("closing a session whose client resets streams as fast as it opens them", async () => {
    const session = http2Peer(await open());
    const goaway = once(session, "goaway");
    let opened = 0;
    for (; !session.destroyed; opened += 1) {
      const stream = session.request({ ":path": "/ignore", ":method": "POST" });
      stream.on("error", () => {});
      setImmediate(() => stream.close(constants.NGHTTP2_CANCEL));
      await setTimeout();
    }
    expect((await goaway)[0]).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    // Node's own limit is 1000.
    expect(opened).toBeLessThan(500);
  });

  test("ending a session that is idle, but not one with an open request", async () => {
    const url = await open({ idleTimeoutMs: 100 });
    const busy = http2Peer(url);
    const talk = busy.request({ ":path": "/talk", ":method": "POST" });
    talk.write("one");
    await once(talk, "data");
    const idle = http2Peer(url);
    const [code] = await once(idle, "goaway");
    expect(code).toBe(0);
    await once(idle, "close");
    talk.end("two");
    expect(`${(await once(talk, "data"))[0]}`).toBe("two");
    await once(busy, "close");
  });

  test.each([
    ["is silent", http2Start],
    // GOAWAY, no error, last stream 0.
    ["said goodbye", Buffer.concat([http2Start, Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])])],
  ])("cutting off a client that %s and never closes its side", async (_what, bytes) => {
    const url = await open({ idleTimeoutMs: 50, maxConnections: 1 });
    const peer = rawPeer(url, bytes, true);
    await once(peer.socket, "end");
    await expect
      .poll(() =>
        fetch(url).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
    peer.socket.destroy();
  });
});
