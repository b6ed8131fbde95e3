// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  create,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { MeshError } from "../mesh-error.ts";
import { isStream, type Reply } from "../pipeline/step.ts";

/** Settings of one call. */
export interface CallOptions {
  /** Total milliseconds including retries; only ever shortens what the contract and the caller's own time allow. */
  readonly timeoutMs?: number | undefined;
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Conversation that the call belongs to; default: the one of the message being handled. */
  readonly conversationId?: string | undefined;
  /** Id of the agent meant, for the record, e.g. `pa_dr_smith`; default: the agent that the contract names. */
  readonly target?: string | undefined;
}

/** The typed client of a service; client-streaming and bidirectional methods are not offered. */
export type Client<S extends DescService> = {
  readonly [K in keyof S["method"]]: S["method"][K] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : S["method"][K] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : never;
};

/** Sends one call through the client pipeline. */
export type Call = (method: DescMethod, request: Message, options: CallOptions) => Promise<Reply>;

/**
 * Builds the client of a service over `call`. A server-streaming call begins when its result is first iterated, and ends
 * when the iteration does.
 */
export function createClient<S extends DescService>(service: S, call: Call): Client<S> {
  const client: Record<string, unknown> = {};
  for (const method of service.methods) client[method.localName] = clientMethod(method, call);
  return client as Client<S>;
}

function clientMethod(method: DescMethod, call: Call) {
  switch (method.methodKind) {
    case "unary":
      return async (init: MessageInitShape<typeof method.input>, options: CallOptions = {}) =>
        call(method, create(method.input, init), options);
    case "server_streaming":
      return async function* (init: MessageInitShape<typeof method.input>, options: CallOptions = {}) {
        const reply = await call(method, create(method.input, init), options);
        if (isStream(reply)) yield* reply;
      };
    default:
      return () => {
        const message = `"${method.parent.typeName}/${method.name}" streams its requests, which clients here do not do`;
        throw new MeshError({ code: "UNIMPLEMENTED", message });
      };
  }
}
