// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import {
  loadFileDescriptorSetFromBuffer,
  loadSync,
  type MethodDefinition,
  type PackageDefinition,
  type ServiceDefinition,
} from "@grpc/proto-loader";

/** The two versions of reflection that tools speak. */
export type ReflectionVersion = "v1" | "v1alpha";

/** How to ask. */
export interface CallOptions {
  /** Milliseconds; default 10,000. */
  readonly deadlineMs?: number | undefined;
  readonly metadata?: Metadata | undefined;
}

/**
 * Any message, as grpc-js gives it: proto field names (snake_case), enums as names, 64-bit integers as strings. A map is a
 * list of `{ key, value }`, both ways: that is how @grpc/proto-loader reads it from descriptors.
 */
export type PlainMessage = Record<string, unknown>;

/**
 * A client of one service that knows nothing of our code or contracts: stock @grpc/grpc-js over HTTP/2, the service learnt
 * by reflection. What it can do, any gRPC client in any language can. Close it, or the process does not end.
 *
 *     const echo = await dynamicGrpcClient(host.url, "parley.test.v1.EchoService");
 *     const reply = await echo.call("Echo", { text: "hi" });
 *     for await (const item of echo.stream("Count", { count: 3 })) …
 *     echo.close();
 */
export interface DynamicClient {
  readonly methods: readonly string[];
  /** A unary call; rejects with grpc-js's ServiceError: `code` is the gRPC number, `details` the text. */
  call(method: string, request: PlainMessage, options?: CallOptions): Promise<PlainMessage>;
  /** A server-streaming call; leaving the loop cancels it. */
  stream(method: string, request: PlainMessage, options?: CallOptions): AsyncIterable<PlainMessage>;
  close(): void;
}

/** Learns `serviceName` from the reflection of the server at `url` and connects to it. Rejects when it is not known there. */
export async function dynamicGrpcClient(
  url: string,
  serviceName: string,
  version: ReflectionVersion = "v1",
): Promise<DynamicClient> {
  const answer = await reflect(url, { file_containing_symbol: serviceName }, version);
  const files = (answer["file_descriptor_response"] as { file_descriptor_proto: Buffer[] } | undefined)
    ?.file_descriptor_proto;
  if (files === undefined) throw new Error(`"${serviceName}" is not known at ${url}: ${JSON.stringify(answer)}`);
  return clientOf(url, serviceNamed(loadFileDescriptorSetFromBuffer(descriptorSet(files), loading), serviceName));
}

/** Asks reflection one question, e.g. `{ list_services: "" }`, and gives the whole response. */
export async function reflect(
  url: string,
  question: PlainMessage,
  version: ReflectionVersion = "v1",
): Promise<PlainMessage> {
  const service = serviceNamed(reflectionContract(version), `grpc.reflection.${version}.ServerReflection`);
  const method = service["ServerReflectionInfo"] as MethodDefinition<object, object>;
  const client = connect(url);
  try {
    const talk = client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      deadline(),
    );
    talk.write(question);
    for await (const response of talk) {
      talk.end();
      return response as PlainMessage;
    }
    throw new Error(`Reflection at ${url} ended without an answer.`);
  } finally {
    client.close();
  }
}

function clientOf(url: string, service: ServiceDefinition): DynamicClient {
  const client = connect(url);
  const definition = (method: string) => {
    const found = service[method];
    if (found === undefined) throw new Error(`No method "${method}"; there are ${Object.keys(service).join(", ")}.`);
    return found;
  };
  return {
    methods: Object.keys(service),
    call(method, request, options = {}) {
      const { path, requestSerialize, responseDeserialize } = definition(method);
      return new Promise((resolve, reject) => {
        const done = (error: ServiceError | null, response?: object) =>
          error === null ? resolve(response as PlainMessage) : reject(error);
        const { metadata = new Metadata() } = options;
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          metadata,
          deadline(options),
          done,
        );
      });
    },
    async *stream(method, request, options = {}) {
      const { path, requestSerialize, responseDeserialize } = definition(method);
      const responses = client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        options.metadata ?? new Metadata(),
        deadline(options),
      );
      try {
        for await (const response of responses) yield response as PlainMessage;
      } finally {
        responses.cancel();
      }
    },
    close: () => client.close(),
  };
}

/** Values as a person would write them, so that tests compare with plain literals. */
const loading = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true } as const;

function connect(url: string): Client {
  return new Client(new URL(url).host, credentials.createInsecure());
}

function deadline(options: CallOptions = {}): { deadline: Date } {
  return { deadline: new Date(Date.now() + (options.deadlineMs ?? 10_000)) };
}

/** The contract of reflection itself, from the npm package of the gRPC project: the one file that such a client needs. */
function reflectionContract(version: ReflectionVersion): PackageDefinition {
  const grpcReflection = dirname(createRequire(import.meta.url).resolve("@grpc/reflection/package.json"));
  return loadSync(join(grpcReflection, `build/proto/grpc/reflection/${version}/reflection.proto`), loading);
}

function serviceNamed(definitions: PackageDefinition, name: string): ServiceDefinition {
  const found = definitions[name];
  if (found === undefined || "format" in found) throw new Error(`"${name}" is no service of these descriptors.`);
  return found as ServiceDefinition;
}

/** FileDescriptorSet { repeated FileDescriptorProto file = 1; } out of files that are encoded already. */
function descriptorSet(files: readonly Buffer[]): Buffer {
  return Buffer.concat(files.flatMap((file) => [Buffer.from([0x0a]), varint(file.length), file]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
