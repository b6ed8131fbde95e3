// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { Contracts } from "@parley/mesh/contracts";
import { HealthImplementation } from "grpc-health-check";
import { EchoService } from "../gen/parley/test/v1/echo_pb.js";

/** How a peer shows what it serves. */
export type Proof = "health" | "reflection" | "none";

/** A server of EchoService/Echo and Fail that knows nothing of our code: stock @grpc/grpc-js, as any language has one. */
export interface EchoPeer extends AsyncDisposable {
  readonly url: string;
  /** Metadata of each call so far. */
  readonly heard: readonly Metadata[];
  /** What its health says from now on. */
  say(health: "SERVING" | "NOT_SERVING"): void;
  /** Ends it at once, as a crash would. */
  stop(): void;
}

/** Starts a peer. @param port 0: a free one */
export async function echoPeer(proof: Proof = "health", port = 0): Promise<EchoPeer> {
  const name = EchoService.typeName;
  const definitions = loadFileDescriptorSetFromBuffer(
    Buffer.from(Contracts.of({ services: [EchoService] }).fileDescriptorSet),
    { keepCase: true },
  );
  const service = definitions[name];
  if (service === undefined || "format" in service) throw new Error(`"${name}" is no service.`);
  const heard: Metadata[] = [];
  const server = new Server();
  server.addService(service as Parameters<Server["addService"]>[0], {
    Echo(call: { metadata: Metadata; request: { text: string } }, done: (error: null, reply: object) => void) {
      heard.push(call.metadata);
      done(null, { text: `${call.request.text}, says the peer` });
    },
    Fail(call: { metadata: Metadata }, done: (error: object) => void) {
      heard.push(call.metadata);
      done({ code: status.NOT_FOUND, details: "not here" });
    },
  });
  const health = new HealthImplementation({ [name]: "SERVING" });
  if (proof === "health") health.addToServer(server);
  if (proof === "reflection") new ReflectionService(definitions, { services: [name] }).addToServer(server);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  return {
    url: `http://127.0.0.1:${bound}`,
    heard,
    say: (status) => health.setStatus(name, status),
    stop: () => server.forceShutdown(),
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}
