// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { FileRegistry } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { ServerReflection, type ServerReflectionRequest } from "@parley/contracts/grpc/reflection/v1/reflection_pb.js";
import {
  ServerReflection as AlphaReflection,
  type ServerReflectionRequest as AlphaRequest,
} from "@parley/contracts/grpc/reflection/v1alpha/reflection_pb.js";
import { type Answer, answer, type Reflected } from "./reflection-answer.ts";
import { type StandardServiceOptions, standardOptions } from "./standard-service.ts";
import { indexSymbols } from "./symbol-index.ts";

/**
 * Adds `grpc.reflection.v1` and `v1alpha` to a router, so that grpcurl, Postman and dynamic clients need no files. Lists
 * the services that the router serves when the first question comes; knows every symbol of `registry` and of those
 * services. Descriptors are answered as they were compiled, with all options, each file together with what it imports.
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function mountReflection(
  router: ConnectRouter,
  registry: FileRegistry,
  options: StandardServiceOptions = {},
): void {
  let known: Reflected | undefined;
  // Not before: services may be added to the router after this one.
  const reflected = () => (known ??= reflect(router, registry));
  const standard = standardOptions(options);
  router.service(
    ServerReflection,
    { serverReflectionInfo: conversation<ServerReflectionRequest>(reflected) },
    standard,
  );
  router.service(AlphaReflection, { serverReflectionInfo: conversation<AlphaRequest>(reflected) }, standard);
}

function reflect(router: ConnectRouter, registry: FileRegistry): Reflected {
  const served = new Map(router.handlers.map(({ service }) => [service.typeName, service]));
  const files = [...served.values()].map((service) => service.file);
  return { services: [...served.keys()].sort(), symbols: indexSymbols([...registry.files, ...files]) };
}

interface Reply<Request> {
  readonly validHost: string;
  readonly originalRequest: Request;
  readonly messageResponse: Answer;
}

/** One stream of questions and answers, in either version. Ends with the client, or on shutdown. */
function conversation<Request extends ServerReflectionRequest | AlphaRequest>(reflected: () => Reflected) {
  return async function* (requests: AsyncIterable<Request>, context: HandlerContext): AsyncGenerator<Reply<Request>> {
    for await (const request of untilAborted(requests, context.signal)) {
      const messageResponse = answer(request.messageRequest, reflected());
      yield { validHost: request.host, originalRequest: request, messageResponse };
    }
  };
}

/** The same items; ends quietly when the signal aborts, also while the next one is awaited. */
async function* untilAborted<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  while (!signal.aborted) {
    const next = await Promise.race([iterator.next(), aborted]);
    if (next === undefined || next.done === true) return;
    yield next.value;
  }
}
