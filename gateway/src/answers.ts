// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createRegistry } from "@bufbuild/protobuf";
import { createConnectRouter } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { file_parley_mesh_v1_error } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import type { Host } from "@parley/mesh";
import { callLimits, edgeJsonOptions, type HealthBoard, mountHealth, mountReflection } from "@parley/mesh/calls";
import { Contracts, type MethodContract } from "@parley/mesh/contracts";
import { mountMethod } from "./call-in.ts";
import { completeExchange } from "./complete-exchange.ts";
import type { Offered } from "./offer.ts";

/** What answers on one path; without a contract it is the gateway's own: health and reflection. */
export interface Answer {
  readonly handler: UniversalHandler;
  readonly contract: MethodContract | undefined;
}

/** By path, e.g. `/package.Service/Method`. */
export type Answers = ReadonlyMap<string, Answer>;

/** What answers are made of. */
export interface AnswersInit {
  readonly offered: readonly Offered[];
  readonly send: Host["send"];
  readonly health: HealthBoard;
  /** Aborts when the gateway drains. */
  readonly closing: AbortSignal;
}

/** Clients show the details of our errors, so reflection knows their type, whatever is offered. */
const errorTypes = Contracts.of({ files: [file_parley_mesh_v1_error] }).registry;

/** Connect, gRPC and gRPC-Web for everything that is offered, with health, and with reflection of just that. */
export function answersTo({ offered, send, health, closing }: AnswersInit): Answers {
  const registry = createRegistry(errorTypes, ...offered.map(({ contracts }) => contracts.registry));
  const router = createConnectRouter({
    ...callLimits,
    // A client may say any time; the contract bounds the call.
    maxTimeoutMs: Number.MAX_SAFE_INTEGER,
    jsonOptions: { ...edgeJsonOptions, registry },
    acceptCompression: [compressionGzip, compressionBrotli],
    requestGate: completeExchange,
  });
  const mounted = new Map<string, MethodContract>();
  for (const { service, contracts } of offered) {
    for (const contract of service.methods.map((method) => contracts.method(method))) {
      mountMethod(router, contract, send);
      mounted.set(`/${contract.name}`, contract);
    }
  }
  mountHealth(router, health, { shutdownSignal: closing });
  mountReflection(router, errorTypes, { shutdownSignal: closing });
  const entries = router.handlers.map((handler) => {
    const contract = mounted.get(handler.requestPath);
    return [handler.requestPath, { handler, contract }] as const;
  });
  return new Map(entries);
}
