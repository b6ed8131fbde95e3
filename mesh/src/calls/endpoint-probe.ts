// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Wire } from "@parley/contracts/grpc/health/v1/health_pb.js";
import { ServerReflection } from "@parley/contracts/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as AlphaReflection } from "@parley/contracts/grpc/reflection/v1alpha/reflection_pb.js";
import { http2Sessions } from "./http2-sessions.ts";
import { callLimits } from "./limits.ts";

/** What a server says of its services when it is asked. */
export type Probed =
  | { readonly kind: "serving" }
  /** It is there, and says that it does not serve a service now. */
  | { readonly kind: "not-serving"; readonly service: string }
  /** It is there, and neither its health nor its reflection knows a service. */
  | { readonly kind: "unproven"; readonly service: string }
  /** It is not there, or speaks something else. */
  | { readonly kind: "silent"; readonly reason: "REFUSED" | "TIMEOUT"; readonly why: string };

/** Asks one server, over one connection that is opened when it is needed. */
export interface EndpointProbe {
  /** Whether it serves all of these services, by grpc.health.v1, or by reflection where health does not know them. */
  ask(services: readonly string[]): Promise<Probed>;
  close(): void;
}

/** Milliseconds that a server has to answer each question. */
const patienceMs = 2_000;

/** Probes a server that speaks Connect or gRPC; nothing is opened before the first question. */
export function endpointProbe(endpoint: string, protocol: "connect" | "grpc"): EndpointProbe {
  const sessionManager = http2Sessions(endpoint);
  const { readMaxBytes, writeMaxBytes } = callLimits;
  const options = { baseUrl: endpoint, httpVersion: "2" as const, sessionManager, readMaxBytes, writeMaxBytes };
  const transport = protocol === "connect" ? createConnectTransport(options) : createGrpcTransport(options);
  const health = createClient(Health, transport);
  const reflections = [createClient(ServerReflection, transport), createClient(AlphaReflection, transport)];
  const timeout = { timeoutMs: patienceMs };

  /** Undefined where health does not know the service. */
  const healthOf = async (service: string): Promise<Wire | undefined> => {
    try {
      return (await health.check({ service }, timeout)).status;
    } catch (thrown) {
      return unknownTo(thrown);
    }
  };

  const listed = async (): Promise<ReadonlySet<string>> => {
    for (const reflection of reflections) {
      try {
        const question = { messageRequest: { case: "listServices" as const, value: "" } };
        for await (const { messageResponse } of reflection.serverReflectionInfo(once(question), timeout)) {
          if (messageResponse.case !== "listServicesResponse") break;
          return new Set(messageResponse.value.service.map(({ name }) => name));
        }
      } catch (thrown) {
        unknownTo(thrown);
      }
    }
    return new Set();
  };

  return {
    async ask(services) {
      try {
        let reflected: ReadonlySet<string> | undefined;
        for (const service of services) {
          const status = await healthOf(service);
          if (status === Wire.SERVING) continue;
          if (status === Wire.NOT_SERVING) return { kind: "not-serving", service };
          reflected ??= await listed();
          if (!reflected.has(service)) return { kind: "unproven", service };
        }
        return { kind: "serving" };
      } catch (thrown) {
        const { code, rawMessage } = ConnectError.from(thrown);
        const reason = code === Code.DeadlineExceeded ? "TIMEOUT" : "REFUSED";
        return { kind: "silent", reason, why: rawMessage };
      }
    },
    close: () => sessionManager.abort(),
  };
}

/** Swallows what says that the question is not known there; throws what says that nobody answered. */
function unknownTo(thrown: unknown): undefined {
  const { code } = ConnectError.from(thrown);
  if (code !== Code.Unimplemented && code !== Code.NotFound) throw thrown;
  return undefined;
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
