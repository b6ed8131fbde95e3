// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethodServerStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { ConnectError, ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { type Host, MeshError } from "@parley/mesh";
import { endedBy, isStream, type Reply, toConnectError } from "@parley/mesh/calls";
import type { MethodContract } from "@parley/mesh/contracts";
import { type Exchange, exchangeOf } from "./exchange.ts";

/**
 * Puts a method on a router: a call from outside enters the mesh through the client pipeline of the gateway's host. Methods
 * that stream requests are left out, since no client of the mesh calls them.
 */
export function mountMethod(router: ConnectRouter, contract: MethodContract, send: Host["send"]): void {
  if (contract.kind === "unary") {
    router.rpc(contract.desc as DescMethodUnary, async (request, context) => {
      const exchange = begun(context);
      try {
        return (await callIn(exchange, request, { timeoutMs: context.timeoutMs(), send })) as Message;
      } catch (thrown) {
        throw failed(exchange, thrown);
      }
    });
  }
  if (contract.kind === "server_streaming") {
    router.rpc(contract.desc as DescMethodServerStreaming, async function* (request, context) {
      const exchange = begun(context);
      try {
        const reply = await callIn(exchange, request, { timeoutMs: context.timeoutMs(), send });
        if (isStream(reply)) yield* endedBy(reply, exchange.signal);
      } catch (thrown) {
        throw failed(exchange, thrown);
      }
    });
  }
}

/** What a call goes into the mesh with. */
export interface Inward {
  /** Milliseconds that the client gives; only ever shortens the contract's. Unset: it did not say. */
  readonly timeoutMs: number | undefined;
  readonly send: Host["send"];
}

/**
 * Calls the mesh for a client.
 *
 * @throws MeshError, also the exchange's refusal
 */
export async function callIn(exchange: Exchange, request: Message, inward: Inward): Promise<Reply> {
  const { contract, header, span, signal, refusal } = exchange;
  if (refusal !== undefined) throw refusal;
  exchange.entered = true;
  const timeoutMs = Math.min(contract.totalTimeoutMs, inward.timeoutMs ?? Number.POSITIVE_INFINITY);
  const trace = span.context;
  return inward.send({ contract, request, timeoutMs, header, trace, signal, remainingMs: contract.timeoutMs });
}

function begun(context: HandlerContext): Exchange {
  const exchange = exchangeOf(context);
  if (exchange === undefined) throw new TypeError("A call reached the mesh without its exchange.");
  return exchange;
}

/** A new error for the client: one that came from a peer must not be thrown on, with the headers it came with. */
function failed(exchange: Exchange, thrown: unknown): ConnectError {
  exchange.error = MeshError.from(thrown);
  return toConnectError(exchange.error);
}
