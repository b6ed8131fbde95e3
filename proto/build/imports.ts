// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { protoSource } from "./proto-source.ts";

const require = createRequire(import.meta.url);

/** Standard contracts that ours import, and the npm package that carries each: no schema registry is asked. */
const packaged: readonly [path: string, packageName: string, inPackage: string][] = [
  ["google/api/annotations.proto", "protobufjs", "google/api/annotations.proto"],
  ["google/api/http.proto", "protobufjs", "google/api/http.proto"],
  ["grpc/health/v1/health.proto", "grpc-health-check", "proto/health/v1/health.proto"],
  ["grpc/reflection/v1/reflection.proto", "@grpc/reflection", "build/proto/grpc/reflection/v1/reflection.proto"],
  [
    "grpc/reflection/v1alpha/reflection.proto",
    "@grpc/reflection",
    "build/proto/grpc/reflection/v1alpha/reflection.proto",
  ],
];

/** Lays the imported contracts into `folder`, in the folders that their import paths name. */
export function layImports(folder: string): void {
  for (const [path, packageName, inPackage] of packaged) {
    const source = join(dirname(require.resolve(`${packageName}/package.json`)), inPackage);
    copyFileSync(source, made(join(folder, path)));
  }
  addResponseBody(join(folder, "google/api/http.proto"));
  writeFileSync(made(join(folder, "google/api/httpbody.proto")), httpBody);
  writeFileSync(made(join(folder, "buf/validate/validate.proto")), protoSource(file_buf_validate_validate.proto));
}

/** A body that is no JSON, as google.api has it; no package carries the file. */
const httpBody = `// A body of any type, for methods over HTTP.
syntax = "proto3";

package google.api;

import "google/protobuf/any.proto";

// The body of a request or an answer, as it is.
message HttpBody {
  // Its media type.
  string content_type = 1;
  // Its bytes.
  bytes data = 2;
  // Not used here.
  repeated google.protobuf.Any extensions = 3;
}
`;

/** The copy that protobufjs carries is older than `response_body`, which has been field 12 of HttpRule since 2018. */
function addResponseBody(path: string): void {
  const text = readFileSync(path, "utf8");
  if (text.includes("response_body")) return;
  const before = "repeated HttpRule additional_bindings = 11;";
  if (!text.includes(before)) throw new Error(`"${path}" is not the http.proto that was expected`);
  writeFileSync(path, text.replace(before, `${before}\n    string response_body = 12;`));
}

/** A new file on this path: one that is there may be another folder's too, by a hard link. */
function made(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  return path;
}
