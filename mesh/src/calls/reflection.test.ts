// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, createFileRegistry, fromBinary, getOption } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { service as servicePolicy } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import { afterAll, assert, beforeAll, describe, expect, test } from "vitest";
import { EchoService } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { dynamicGrpcClient, type PlainMessage, reflect } from "../../../test/grpc/dynamic-client.ts";
import { Contracts } from "../contracts/contracts.ts";
import { openPort, type Port } from "./port.ts";
import { mountReflection } from "./reflection.ts";

const { registry } = Contracts.of({ services: [EchoService] });
const shutdown = new AbortController();
let port: Port;
beforeAll(async () => {
  const handler = connectNodeAdapter({
    routes(router) {
      mountReflection(router, registry, { shutdownSignal: shutdown.signal });
      router.service(EchoService, { echo: ({ text }) => ({ text }) });
    },
  });
  port = await openPort({ handler });
});
afterAll(() => port.close());

function filesOf(answer: PlainMessage) {
  const response = answer["file_descriptor_response"] as { file_descriptor_proto: Buffer[] } | null;
  return (response?.file_descriptor_proto ?? []).map((bytes) =>
    fromBinary(FileDescriptorProtoSchema, Uint8Array.from(bytes)),
  );
}

/** The order that protobuf-es asks for. */
function importsFirst(file: FileDescriptorProto, files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const imports = files.filter(({ name }) => file.dependency.includes(name));
  return [...new Set([...imports.flatMap((one) => importsFirst(one, files)), file])];
}

describe.each(["v1", "v1alpha"] as const)("reflection %s", (version) => {
  const ask = (question: PlainMessage) => reflect(port.url, question, version);

  test("lists what is served, also what was added after it, and itself", async () => {
    const answer = await ask({ host: "somewhere", list_services: "" });
    expect(answer).toMatchObject({
      valid_host: "somewhere",
      original_request: { list_services: "" },
      list_services_response: {
        service: [
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
          { name: "parley.test.v1.EchoService" },
        ],
      },
    });
  });

  test.each([
    ["service", "parley.test.v1.EchoService", "parley/test/v1/echo.proto"],
    ["method", "parley.test.v1.EchoService.Echo", "parley/test/v1/echo.proto"],
    ["message", "parley.test.v1.EchoRequest", "parley/test/v1/echo.proto"],
    ["field", "parley.test.v1.EchoRequest.text", "parley/test/v1/echo.proto"],
    ["enum", "parley.mesh.v1.Exposure", "parley/mesh/v1/policy.proto"],
    ["enum value", "parley.mesh.v1.EXPOSURE_PUBLIC", "parley/mesh/v1/policy.proto"],
    ["extension", "parley.mesh.v1.service", "parley/mesh/v1/policy.proto"],
    ["nested message", "google.protobuf.DescriptorProto.ExtensionRange", "google/protobuf/descriptor.proto"],
    ["nested enum value", "google.protobuf.FieldDescriptorProto.TYPE_STRING", "google/protobuf/descriptor.proto"],
    ["oneof", "grpc.reflection.v1.ServerReflectionRequest.message_request", "grpc/reflection/v1/reflection.proto"],
  ])("finds the file of a %s", async (_kind, symbol, path) => {
    const [file] = filesOf(await ask({ file_containing_symbol: symbol }));
    expect(file?.name).toBe(path);
  });

  test("answers a file with everything it imports, itself first, each once, options and all", async () => {
    const files = filesOf(await ask({ file_by_filename: "parley/test/v1/echo.proto" }));
    expect(files[0]?.name).toBe("parley/test/v1/echo.proto");
    expect(new Set(files.map((file) => file.name)).size).toBe(files.length);
    const [root] = files;
    assert(root);
    const learnt = createFileRegistry(create(FileDescriptorSetSchema, { file: importsFirst(root, files) }));
    const service = learnt.getService("parley.test.v1.EchoService");
    assert(service);
    expect(getOption(service, servicePolicy).agent).toBe("test.echo");
    expect(root).toEqual(registry.getFile("parley/test/v1/echo.proto")?.proto);
  });

  test("finds extensions by the message they extend", async () => {
    const containing_type = "google.protobuf.ServiceOptions";
    const numbers = await ask({ all_extension_numbers_of_type: containing_type });
    expect(numbers["all_extension_numbers_response"]).toEqual({
      base_type_name: containing_type,
      extension_number: [servicePolicy.number],
    });
    const extension_number = servicePolicy.number;
    const [file] = filesOf(await ask({ file_containing_extension: { containing_type, extension_number } }));
    expect(file?.name).toBe("parley/mesh/v1/policy.proto");
    const none = await ask({ all_extension_numbers_of_type: "parley.test.v1.EchoRequest" });
    expect(none["all_extension_numbers_response"]).toMatchObject({ extension_number: [] });
  });

  test.each([
    [{ file_by_filename: "nothing.proto" }, Code.NotFound, 'No file "nothing.proto" is known here.'],
    [{ file_containing_symbol: "no.Thing" }, Code.NotFound, 'No symbol "no.Thing" is known here.'],
    [{ all_extension_numbers_of_type: "no.Thing" }, Code.NotFound, 'No message "no.Thing" is known here.'],
    [
      { file_containing_extension: { containing_type: "no.Thing", extension_number: 1 } },
      Code.NotFound,
      'No extension 1 of "no.Thing" is known here.',
    ],
    [{}, Code.InvalidArgument, "The request asks nothing that this version of reflection knows."],
  ])("answers %j by an error response", async (question, error_code, error_message) => {
    expect((await ask(question))["error_response"]).toEqual({ error_code, error_message });
  });

  test("is enough to build a client and call", async () => {
    const echo = await dynamicGrpcClient(port.url, "parley.test.v1.EchoService", version);
    expect(await echo.call("Echo", { text: "hi" })).toMatchObject({ text: "hi" });
    echo.close();
  });
});
