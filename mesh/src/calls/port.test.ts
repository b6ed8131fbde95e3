// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { constants } from "node:http2";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { MeshError } from "../mesh-error.ts";
import { openPort, type Port, type PortOptions } from "./port.ts";
import type { Response } from "./request-handler.ts";
import { ask, http2Peer, http2Start, rawPeer } from "./testdata/raw-peer.ts";

const minute = 60_000;
let port: Port | undefined;
afterEach(() => port?.close());

/** A port whose handler hands every response to the test, which answers when it likes. */
async function open(options: Partial<PortOptions> = {}) {
  const responses: Response[] = [];
  const waiting: ((response: Response) => void)[] = [];
  port = await openPort({
    handler(request, response) {
      request.resume();
      const first = waiting.shift();
      if (first === undefined) responses.push(response);
      else first(response);
    },
    ...options,
  });
  /** The response to the next request. */
  const next = () => {
    const first = responses.shift();
    return first === undefined ? new Promise<Response>((resolve) => waiting.push(resolve)) : Promise.resolve(first);
  };
  return { port, url: port.url, next };
}

/** Whether a new connection is taken. */
const reachable = (url: string) =>
  new Promise<boolean>((resolve) => {
    const { socket } = rawPeer(url);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

describe("opening a port", () => {
  test("takes a free one on loopback by default, and frees it when closed", async () => {
    const { url } = await open();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(await reachable(url)).toBe(true);
    await port?.close();
    expect(await reachable(url)).toBe(false);
  });

  test.each([
    ["0.0.0.0", /^http:\/\/127\.0\.0\.1:\d+$/],
    ["localhost", /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+$/],
  ])("on %s gives a URL to connect to", async (host, pattern) => {
    const { url } = await open({ host });
    expect(url).toMatch(pattern);
    expect(await reachable(url)).toBe(true);
  });

  test("that is taken names it and says what to do", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const taken = typeof address === "object" ? (address?.port ?? 0) : 0;
    const refused = await openPort({ handler: () => {}, port: taken }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(MeshError);
    expect(refused).toMatchObject({
      message: `Cannot listen on port ${taken} on "127.0.0.1": something else does. Stop it, or choose another port; 0 takes a free one.`,
      cause: { code: "EADDRINUSE" },
    });
    other.close();
  });

  test("on an address that is not this machine's names it", async () => {
    const refused = openPort({ handler: () => {}, host: "192.0.2.1" });
    await expect(refused).rejects.toThrow(/^Cannot listen on port 0 on "192\.0\.2\.1": .*EADDRNOTAVAIL.*host and port/);
  });
});

describe("draining a port", () => {
  test("finishes requests in progress on both protocols and takes nothing new", async () => {
    const { port, url, next } = await open();
    const http1 = fetch(url);
    const first = await next();
    const session = http2Peer(url);
    const http2 = ask(session, { ":path": "/" });
    const second = await next();
    const goaway = once(session, "goaway");

    const drained = port.drain(minute);
    expect((await goaway)[0]).toBe(constants.NGHTTP2_NO_ERROR);
    expect(await reachable(url)).toBe(false);

    first.end("one");
    second.end("two");
    const response = await http1;
    expect(response.headers.get("connection")).toBe("close");
    expect(await response.text()).toBe("one");
    expect(await http2).toMatchObject({ status: 200, body: "two" });
    await drained;
    expect(session.destroyed || session.closed).toBe(true);
  });

  test("refuses a stream that comes on an old session after it, as surely not run", async () => {
    const { port, url, next } = await open();
    // GET / of "a" on stream 1 and, by a client that takes no notice of GOAWAY, on stream 3.
    const fields = [0x82, 0x86, 0x84, 0x41, 1, 0x61];
    const get = (stream: number) => Buffer.from([0, 0, fields.length, 1, 5, 0, 0, 0, stream, ...fields]);
    const peer = rawPeer(url, Buffer.concat([http2Start, get(1)]));
    const response = await next();
    const drained = port.drain(minute);
    const goaway = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    await peer.received(goaway.toString("latin1"));
    peer.socket.write(get(3));
    let more = false;
    next().then(() => {
      more = true;
    });
    response.end("done");
    expect(await peer.ended).toMatch(/done/);
    await drained;
    expect(more).toBe(false);
  });

  test("does not wait for connections without a request", async () => {
    const { port, url, next } = await open();
    const silent = rawPeer(url);
    await once(silent.socket, "connect");
    const halfPreface = rawPeer(url, "PRI * HTTP");
    const keptAlive = rawPeer(url, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    (await next()).end("done");
    await keptAlive.received(/done/);
    const session = http2Peer(url);
    await once(session, "remoteSettings");
    await port.drain(minute);
    await Promise.all([silent.ended, halfPreface.ended, keptAlive.ended]);
  });

  test("closes a connection whose answer had begun before, once it is complete", async () => {
    const { port, url, next } = await open();
    const peer = rawPeer(url, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    const response = (await next()) as ServerResponse;
    response.write("first,");
    await peer.received(/first/);
    const drained = port.drain(minute);
    response.end("last");
    expect(await peer.ended).toMatch(/first,.*last/s);
    await drained;
  });

  test("cuts off what is not answered in time, and the handler hears of it", async () => {
    const { port, url, next } = await open();
    const http1 = rawPeer(url, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    const first = once(await next(), "close");
    const session = http2Peer(url);
    const http2 = ask(session, { ":path": "/" });
    const second = once(await next(), "close");
    await port.drain(10);
    expect(await http1.ended).toBe("");
    expect(await http2).toMatchObject({ status: undefined });
    await Promise.all([first, second]);
  });

  test("can be closed meanwhile, and again", async () => {
    const { port, url, next } = await open();
    const peer = rawPeer(url, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await next();
    const drained = port.drain(minute);
    await port.close();
    await drained;
    await port.close();
    await port.drain(minute);
    expect(await peer.ended).toBe("");
  });
});
