// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescExtension, DescFile, DescMessage } from "@bufbuild/protobuf";

/** Finds files by what they define. Names are full names without a leading dot. */
export interface SymbolIndex {
  /** A file by its import path, e.g. `parley/mesh/v1/policy.proto`. */
  file(path: string): DescFile | undefined;
  /** The file that defines a service, method, message, field, oneof, enum, enum value or extension. */
  fileOf(symbol: string): DescFile | undefined;
  /** Extensions of a message by number; undefined when the message is unknown. */
  extensionsOf(message: string): ReadonlyMap<number, DescExtension> | undefined;
}

/** Indexes these files and everything that they import, directly or not. */
export function indexSymbols(files: Iterable<DescFile>): SymbolIndex {
  const byPath = new Map<string, DescFile>();
  for (const file of files) for (const one of withImports(file)) byPath.set(one.proto.name, one);
  const bySymbol = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescExtension>>();
  for (const file of byPath.values()) {
    for (const symbol of symbolsOf(file)) bySymbol.set(symbol, file);
    for (const extension of extensionsIn(file)) {
      const extendee = extension.extendee.typeName;
      const known = extensions.get(extendee) ?? new Map<number, DescExtension>();
      extensions.set(extendee, known.set(extension.number, extension));
    }
  }
  return {
    file: (path) => byPath.get(path),
    fileOf: (symbol) => bySymbol.get(symbol),
    extensionsOf: (message) => extensions.get(message) ?? (bySymbol.has(message) ? new Map() : undefined),
  };
}

/** The file first, then all that it imports, each once. */
export function withImports(file: DescFile): readonly DescFile[] {
  const found = new Map([[file.proto.name, file]]);
  // A map gives the entries that are added while it is walked.
  for (const one of found.values()) for (const imported of one.dependencies) found.set(imported.proto.name, imported);
  return [...found.values()];
}

function* symbolsOf(file: DescFile): Generator<string> {
  for (const service of file.services) {
    yield service.typeName;
    for (const method of service.methods) yield `${service.typeName}.${method.name}`;
  }
  for (const descEnum of file.enums) yield* enumSymbols(descEnum);
  for (const extension of file.extensions) yield extension.typeName;
  for (const message of file.messages) yield* messageSymbols(message);
}

function* messageSymbols(message: DescMessage): Generator<string> {
  yield message.typeName;
  for (const field of message.fields) yield `${message.typeName}.${field.name}`;
  for (const oneof of message.oneofs) yield `${message.typeName}.${oneof.name}`;
  for (const descEnum of message.nestedEnums) yield* enumSymbols(descEnum);
  for (const extension of message.nestedExtensions) yield extension.typeName;
  for (const nested of message.nestedMessages) yield* messageSymbols(nested);
}

/** Values of an enum are named beside the enum, not inside it, as in C. */
function* enumSymbols({ typeName, values }: DescMessage["nestedEnums"][number]): Generator<string> {
  yield typeName;
  const scope = typeName.slice(0, typeName.lastIndexOf(".") + 1);
  for (const value of values) yield scope + value.name;
}

function* extensionsIn(scope: DescFile | DescMessage): Generator<DescExtension> {
  yield* scope.kind === "file" ? scope.extensions : scope.nestedExtensions;
  for (const message of scope.kind === "file" ? scope.messages : scope.nestedMessages) yield* extensionsIn(message);
}
