// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, createFileRegistry, type DescFile, type FileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { MeshError } from "../mesh-error.ts";

/**
 * The given files with everything they import, each once, dependencies first. Where two files have one name, the one found
 * first stays. The order depends on nothing but the names and imports of the files, so equal contracts give equal bytes.
 */
export function withImports(roots: Iterable<DescFile>): readonly DescFile[] {
  const found = new Map<string, DescFile>();
  const collect = (file: DescFile) => {
    if (found.has(file.proto.name)) return;
    found.set(file.proto.name, file);
    file.dependencies.forEach(collect);
  };
  for (const root of roots) collect(root);

  const ordered = new Set<DescFile>();
  const place = (name: string) => {
    const file = found.get(name);
    if (file === undefined || ordered.has(file)) return;
    file.proto.dependency.forEach(place);
    ordered.add(file);
  };
  [...found.keys()].sort().forEach(place);
  return [...ordered];
}

/** The files as a google.protobuf.FileDescriptorSet without comments: what another process needs to know these contracts. */
export function descriptorSetBytes(files: readonly DescFile[]): Uint8Array {
  // Generated code carries no source positions; without them decoded files give the same bytes.
  const bare = files.map(({ proto }) => ({
    ...proto,
    sourceCodeInfo: undefined,
  }));
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: bare }));
}

/**
 * Every type that a google.protobuf.FileDescriptorSet describes.
 *
 * @throws MeshError UNDECODABLE when the bytes are none, or lack a file that another one imports.
 */
export function decodedRegistry(fileDescriptorSet: Uint8Array): FileRegistry {
  try {
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, fileDescriptorSet));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MeshError({ code: "UNDECODABLE", message: `not a complete set of file descriptors: ${why}`, cause });
  }
}
