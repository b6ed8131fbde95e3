// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { create } from "@bufbuild/protobuf";
import {
  DirectoryService,
  ListAgentsRequestSchema,
  ListAgentsResponseSchema,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { OperatorService, TailEventsRequestSchema } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import { expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { Contracts } from "../contracts/contracts.ts";
import { headerFor } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import type { Outgoing } from "../pipeline/outgoing.ts";
import { isStream } from "../pipeline/step.ts";
import { rootTrace } from "../telemetry/propagation.ts";
import { Breakers } from "./breakers.ts";
import { type HttpChannel, httpChannel } from "./http-channel.ts";
import { callLimits } from "./limits.ts";
import { toChannel } from "./route.ts";

const contracts = Contracts.of({ services: [DirectoryService, OperatorService], events: [] });

/** One way of a server to treat a request. */
type Treatment = (stream: ServerHttp2Stream, connection: { session: ServerHttp2Session; socket: Socket }) => void;

/** A channel to an HTTP/2 server that treats every request so. */
async function channelTo(treat: Treatment): Promise<HttpChannel & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  server.on("session", (session) => {
    session.on("error", () => {});
    session.on("stream", (stream) => {
      stream.on("error", () => {});
      // One connection at a time: it is the newest.
      const socket = [...sockets].at(-1);
      if (socket !== undefined) treat(stream, { session, socket });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const channel = httpChannel("peer", `http://127.0.0.1:${port}`);
  return {
    ...channel,
    async [Symbol.asyncDispose]() {
      channel.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function outgoing(signal?: AbortSignal): Outgoing {
  const contract = contracts.method(DirectoryService.method.listAgents);
  const request = create(ListAgentsRequestSchema);
  return { ...plain(signal), contract, request };
}

function outgoingStream(): Outgoing {
  const contract = contracts.method(OperatorService.method.tailEvents);
  return { ...plain(undefined), contract, request: create(TailEventsRequestSchema) };
}

function plain(signal: AbortSignal | undefined) {
  const messageType = "t.v1.T";
  const header = headerFor({ sourceAgentId: "test", messageType, name: "t", timestamp: 0 });
  return { header, trace: rootTrace(), signal, timeoutMs: 20_000, remainingMs: 20_000 };
}

const failureOf = (work: Promise<unknown>) => work.catch((error: unknown) => error);

const lost: Readonly<Record<string, Treatment>> = {
  "its connection closed": (_, { socket }) => socket.destroy(),
  "its connection reset": (_, { socket }) => socket.resetAndDestroy(),
  "its session destroyed": (_, { session }) => session.destroy(),
  "its session ended with an error": (_, { session }) => session.destroy(new Error("broken")),
  "its stream canceled by the server": (stream) => stream.close(constants.NGHTTP2_CANCEL),
  "its stream broken by the server": (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  "its connection closed amid the answer": (stream, { socket }) => {
    stream.respond({ ":status": 200, "content-type": "application/proto", "content-length": "5" });
    stream.write("a", () => socket.destroy());
  },
};

test.each(Object.entries(lost))("a call that had %s is CONNECTION_LOST and may have run", async (_, treat) => {
  await using channel = await channelTo(treat);
  expect(await failureOf(channel.call(outgoing()))).toMatchObject({
    name: "MeshError",
    code: "CONNECTION_LOST",
    errorClass: "TRANSIENT",
    mayHaveRun: true,
  });
});

test("a stream whose connection is closed amid its messages is CONNECTION_LOST", async () => {
  await using channel = await channelTo((stream, { socket }) => {
    stream.respond({ ":status": 200, "content-type": "application/connect+proto" });
    // An empty message in its envelope.
    stream.write(Buffer.alloc(5), () => socket.destroy());
  });
  const reading = (async () => {
    const reply = await channel.call(outgoingStream());
    if (isStream(reply)) for await (const _ of reply);
  })();
  expect(await failureOf(reading)).toMatchObject({ code: "CONNECTION_LOST", mayHaveRun: true });
});

test("an answer above the limit is TOO_LARGE, not taken for an overload that passes", async () => {
  const size = callLimits.readMaxBytes + 1;
  await using channel = await channelTo((stream) => {
    stream.respond({ ":status": 200, "content-type": "application/proto", "content-length": `${size}` });
    stream.end(Buffer.alloc(size));
  });
  expect(await failureOf(channel.call(outgoing()))).toMatchObject({
    code: "TOO_LARGE",
    message: expect.stringContaining("message is 4194305 bytes, the limit is 4194304; send a reference"),
    mayHaveRun: true,
  });
});

test("a call that its caller ends is CANCELED", async () => {
  const ending = new AbortController();
  await using channel = await channelTo(() => ending.abort());
  expect(await failureOf(channel.call(outgoing(ending.signal)))).toMatchObject({ code: "CANCELED", mayHaveRun: true });
});

test("a refused stream has surely not run, and the call goes to another instance", async () => {
  await using draining = await channelTo((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
  await using other = await channelTo((stream) => {
    stream.respond({ ":status": 200, "content-type": "application/proto" });
    stream.end();
  });
  expect(await failureOf(draining.call(outgoing()))).toMatchObject({ code: "DRAINING", mayHaveRun: false });
  const breakers = new Breakers(systemClock, () => {});
  await expect(toChannel(() => [draining, other], breakers)(outgoing())).resolves.toEqual(
    create(ListAgentsResponseSchema),
  );
});

test("nobody who listens has surely not run", async () => {
  const closed = await channelTo(() => {});
  await closed[Symbol.asyncDispose]();
  const error = await failureOf(closed.call(outgoing()));
  expect(error).toBeInstanceOf(MeshError);
  expect(error).toMatchObject({ code: "CONNECTION_LOST", mayHaveRun: false });
});
