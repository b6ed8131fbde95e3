// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Context } from "./context.ts";

/** What an agent does for each method of a service. Unary methods return a message, server-streaming ones yield them. */
export type Implementation<S extends DescService> = {
  readonly [K in keyof S["method"]]: S["method"][K] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, ctx: Context) => Promise<MessageInitShape<O>> | MessageInitShape<O>
    : S["method"][K] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, ctx: Context) => AsyncIterable<MessageInitShape<O>>
      : never;
};

/** A service with its implementation; made by {@link serve}. */
export interface Served {
  readonly service: DescService;
  readonly implementation: Readonly<Record<string, ServedFunction>>;
}

/** An implementation of any method, types forgotten. */
export type ServedFunction = (
  request: MessageShape<DescMessage>,
  ctx: Context,
) =>
  | Promise<MessageInitShape<DescMessage>>
  | MessageInitShape<DescMessage>
  | AsyncIterable<MessageInitShape<DescMessage>>;

/**
 * Serves a service: all its methods, or it does not compile. What a handler throws reaches the caller as a MeshError;
 * anything else than a MeshError becomes INTERNAL.
 */
export function serve<S extends DescService>(service: S, implementation: Implementation<S>): Served {
  return {
    service,
    implementation: implementation as unknown as Served["implementation"],
  };
}
