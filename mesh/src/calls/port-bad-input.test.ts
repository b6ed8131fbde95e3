// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { once } from "node:events";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EchoService } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { callLimits } from "./limits.ts";
import { openPort, type Port } from "./port.ts";
import { ask, http2Peer, http2Start, rawPeer } from "./testdata/raw-peer.ts";

let port: Port;
beforeAll(async () => {
  const handler = connectNodeAdapter({
    ...callLimits,
    routes(router) {
      router.service(EchoService, { echo: ({ text }) => ({ text }) });
    },
    fallback(request, response) {
      if (request.url === "/early") {
        // A loop that takes the first piece and answers without waiting for the rest.
        const pieces = request[Symbol.asyncIterator]();
        void pieces.next().then(() => response.end("early"));
        return;
      }
      if (request.url === "/other") response.writeHead(200);
      throw new Error("as a handler should not");
    },
  });
  port = await openPort({ handler });
});
afterAll(() => port.close());

const path = "/parley.test.v1.EchoService/Echo";
const post = `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{"text":"hi"}`;

/** A whole session: settings, then HEADERS of a POST with literal fields, then its body with END_STREAM. */
const http2Call = Buffer.concat([
  http2Start,
  frame(1, 4, [
    literal(":method", "POST"),
    literal(":scheme", "http"),
    literal(":authority", "a"),
    literal(":path", path),
    literal("content-type", "application/json"),
  ]),
  frame(0, 1, [Buffer.from('{"text":"hi"}')]),
]);

function frame(type: number, flags: number, parts: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, 1]), payload]);
}

/** A header field without index, without Huffman code. https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2 */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

async function answersOn(): Promise<void> {
  const headers = { "content-type": "application/json" };
  const body = '{"text":"still there"}';
  const response = await fetch(port.url + path, { method: "POST", headers, body });
  expect(await response.json()).toEqual({ text: "still there" });
  const session = http2Peer(port.url);
  expect(await ask(session, { ":path": path, ...headers }, Buffer.from(body))).toMatchObject({ body });
  session.destroy();
}

test("the two calls used here are good ones", async () => {
  const http1 = rawPeer(port.url, post);
  expect(await http1.received(/"hi"/)).toMatch(/^HTTP\/1.1 200 OK/);
  http1.socket.destroy();
  const http2 = rawPeer(port.url, http2Call);
  await http2.received(/"hi"/);
  http2.socket.destroy();
});

test.each([
  ["HTTP/1.0 without a host", `POST ${path} HTTP/1.0\r\ncontent-type: application/json\r\n\r\n`],
  ["a host that is no part of a URL", post.replace("host: a", "host: [")],
  ["HTTP/1.1 without a host", post.replace("host: a\r\n", "")],
  ["two lengths", post.replace("content-length: 13", "content-length: 13\r\ncontent-length: 14")],
  ["TLS", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"],
  ["a preface of HTTP/3, if there were one", "PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n"],
])("%s is answered by 400", async (_what, bytes) => {
  const peer = rawPeer(port.url, bytes);
  await peer.received(/^HTTP\/1.1 400 /);
  peer.socket.destroy();
  await answersOn();
});

test("an HTTP/2 request with an authority that is no part of a URL is answered by 400", async () => {
  const session = http2Peer(port.url);
  const headers = { "content-type": "application/json" };
  expect(await ask(session, { ":path": path, ":authority": "[", ...headers }, Buffer.from("{}"))).toMatchObject({
    status: 400,
  });
  session.destroy();
});

test("a handler that throws before it answers is a 500", async () => {
  expect((await fetch(`${port.url}/unexpected`)).status).toBe(500);
});

test("a handler that throws after it began its answer loses that request only", async () => {
  await expect(fetch(`${port.url}/other`).then((response) => response.text())).rejects.toThrow();
  const session = http2Peer(port.url);
  await ask(session, { ":path": "/other" });
  expect(await ask(session, { ":path": path, "content-type": "application/json" }, Buffer.from("{}"))).toMatchObject({
    status: 200,
  });
  session.destroy();
  await answersOn();
});

test.each(["application/proto", "application/grpc-web+proto"])(
  "a body of %s that is too large is refused, and the next request on the connection answered",
  async (type) => {
    const size = callLimits.readMaxBytes + 10;
    const envelope = Buffer.alloc(5);
    envelope.writeUInt32BE(size - envelope.length, 1);
    const body = Buffer.concat([envelope, Buffer.alloc(size - envelope.length)]);
    const peer = rawPeer(
      port.url,
      `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: ${type}\r\ncontent-length: ${size}\r\n\r\n`,
    );
    peer.socket.write(body);
    peer.socket.write(post);
    expect(await peer.received(/"hi"/)).toMatch(/larger than configured|larger%20than%20configured/);
    peer.socket.destroy();
  },
);

test("a body that is answered early does not stand before the next request", async () => {
  const size = 1_000_000;
  const peer = rawPeer(port.url, `POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: ${size}\r\n\r\nfirst`);
  await peer.received(/early/);
  peer.socket.write(Buffer.alloc(size - "first".length));
  peer.socket.write(post);
  await peer.received(/"hi"/);
  peer.socket.destroy();
});

test("over HTTP/2 a refused body leaves no stream behind", async () => {
  const session = http2Peer(port.url);
  const headers = { "content-type": "application/grpc-web+proto" };
  const body = Buffer.alloc(callLimits.readMaxBytes + 10);
  body.writeUInt32BE(body.length - 5, 1);
  for (let call = 0; call < 3; call += 1) {
    expect((await ask(session, { ":path": path, ...headers }, body)).body).toMatch(/larger%20than%20configured/);
  }
  expect(await ask(session, { ":path": path, "content-type": "application/json" }, Buffer.from("{}"))).toMatchObject({
    status: 200,
  });
  session.destroy();
});

test.each([
  ["HTTP/1.1", Buffer.from(post)],
  ["HTTP/2", http2Call],
])("a connection that is reset after any byte of an %s call hurts no other", async (_protocol, bytes) => {
  for (let length = 0; length <= bytes.length; length += 1) {
    const peer = rawPeer(port.url);
    await once(peer.socket, "connect");
    if (length > 0) await new Promise((resolve) => peer.socket.write(bytes.subarray(0, length), resolve));
    peer.socket.resetAndDestroy();
    await peer.ended;
  }
  await answersOn();
});

test("a call that comes in pieces of any size is answered", async () => {
  for (const bytes of [Buffer.from(post), http2Call]) {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(cuts, async (unordered) => {
        const peer = rawPeer(port.url);
        peer.socket.setNoDelay(true);
        let from = 0;
        for (const to of [...unordered.toSorted((a, b) => a - b), bytes.length]) {
          await new Promise((resolve) => peer.socket.write(bytes.subarray(from, to), resolve));
          await new Promise(setImmediate);
          from = to;
        }
        await peer.received(/"hi"/);
        peer.socket.destroy();
      }),
      { numRuns: 50 },
    );
  }
});

test("garbage, alone or after a good beginning, ends its own connection only", async () => {
  const beginning = fc.constantFrom(
    Buffer.alloc(0),
    http2Start,
    http2Call,
    Buffer.from("GET / HTTP/1.1\r\n"),
    Buffer.from(post),
  );
  await fc.assert(
    fc.asyncProperty(beginning, fc.uint8Array({ minLength: 1, maxLength: 400 }), async (good, garbage) => {
      const peer = rawPeer(port.url, Buffer.concat([good, garbage]));
      peer.socket.end();
      await peer.ended;
    }),
    { numRuns: 300 },
  );
  await answersOn();
});
