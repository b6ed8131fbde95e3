// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethodStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { writeHeader } from "../header-codec.ts";
import type { Outgoing } from "../pipeline/outgoing.ts";
import { type Reply, untilEnd } from "../pipeline/step.ts";
import { inject } from "../telemetry/propagation.ts";
import type { Channel } from "./channel.ts";
import { fromConnectError } from "./connect-error.ts";
import { http2Sessions } from "./http2-sessions.ts";
import { callLimits } from "./limits.ts";

/** A channel over the network. */
export interface HttpChannel extends Channel {
  /**
   * Ends the connection as soon as no call is in progress: an instance that is gone from the directory may be alive all the
   * same, and if it is not, its calls fail by themselves.
   */
  close(): void;
  /** Ends the connection at once, with the calls in progress. */
  abort(): void;
}

/**
 * The channel to any server at `endpoint` that speaks Connect or gRPC, over one HTTP/2 connection that is opened at the first call, checked
 * by pings while calls are open, and opened anew when it broke.
 */
export function httpChannel(instance: string, endpoint: string, protocol: "connect" | "grpc" = "connect"): HttpChannel {
  const sessionManager = http2Sessions(endpoint, { pingIntervalMs: 10_000, pingTimeoutMs: 5_000 });
  const options = {
    baseUrl: endpoint,
    httpVersion: "2" as const,
    sessionManager,
    useBinaryFormat: true,
    // Between two hosts of one mesh, compressing costs more than it saves.
    acceptCompression: [],
    readMaxBytes: callLimits.readMaxBytes,
    writeMaxBytes: callLimits.writeMaxBytes,
    binaryOptions: callLimits.binaryOptions,
  };
  const transport = protocol === "connect" ? createConnectTransport(options) : createGrpcTransport(options);
  const peer = `${instance} at ${endpoint}`;
  let inProgress = 0;
  let closing = false;
  const leave = () => {
    inProgress--;
    if (closing && inProgress === 0) sessionManager.abort();
  };
  return {
    instance,
    address: new URL(endpoint).host,
    async call(outgoing) {
      inProgress++;
      try {
        return untilEnd(await send(transport, outgoing, peer), leave);
      } catch (thrown) {
        leave();
        throw fromConnectError(thrown, peer, outgoing.signal?.aborted ?? false);
      }
    },
    close() {
      closing = true;
      if (inProgress === 0) sessionManager.abort();
    },
    abort: () => sessionManager.abort(),
  };
}

async function send(transport: Transport, outgoing: Outgoing, peer: string): Promise<Reply> {
  const { contract, request, remainingMs, signal } = outgoing;
  const headers = new Headers();
  writeHeader(outgoing.header, (name, value) => headers.set(name, value));
  inject(outgoing.trace, (name, value) => headers.set(name, value));
  // A watch that lasts for hours is ended by its signal; servers refuse to be told so long a time.
  const timeoutMs = remainingMs > callLimits.maxTimeoutMs ? undefined : Math.max(1, Math.floor(remainingMs));
  if (contract.kind === "unary") {
    const method = contract.desc as DescMethodUnary;
    return (await transport.unary(method, signal, timeoutMs, headers, request)).message as Message;
  }
  const method = contract.desc as DescMethodStreaming;
  // Who leaves the loop over an answer does not end it at its server: only a signal does.
  const left = new AbortController();
  const ends = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
  const response = await transport.stream(method, ends, timeoutMs, headers, once(request));
  return translated(response.message as AsyncIterable<Message>, peer, { left, signal });
}

async function* once(message: Message): AsyncGenerator<Message> {
  yield message;
}

async function* translated(
  stream: AsyncIterable<Message>,
  peer: string,
  { left, signal }: { readonly left: AbortController; readonly signal: AbortSignal | undefined },
): AsyncGenerator<Message> {
  try {
    yield* stream;
  } catch (thrown) {
    throw fromConnectError(thrown, peer, signal?.aborted ?? false);
  } finally {
    left.abort();
  }
}
