// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescFile, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ServerReflectionRequest } from "@parley/contracts/grpc/reflection/v1/reflection_pb.js";
import type { ServerReflectionRequest as AlphaRequest } from "@parley/contracts/grpc/reflection/v1alpha/reflection_pb.js";
import { type SymbolIndex, withImports } from "./symbol-index.ts";

/** What a client of reflection asks; the same in both versions of the service. */
export type Question = ServerReflectionRequest["messageRequest"] | AlphaRequest["messageRequest"];

/** What it is answered. */
export type Answer =
  | { readonly case: "fileDescriptorResponse"; readonly value: { fileDescriptorProto: Uint8Array[] } }
  | {
      readonly case: "allExtensionNumbersResponse";
      readonly value: { baseTypeName: string; extensionNumber: number[] };
    }
  | { readonly case: "listServicesResponse"; readonly value: { service: { name: string }[] } }
  | { readonly case: "errorResponse"; readonly value: { errorCode: number; errorMessage: string } };

/** What reflection knows. */
export interface Reflected {
  /** Full names of the services that are served. */
  readonly services: readonly string[];
  readonly symbols: SymbolIndex;
}

/** Answers one question. What cannot be answered is an error inside the answer: the stream goes on. */
export function answer(question: Question, { services, symbols }: Reflected): Answer {
  switch (question.case) {
    case "listServices":
      return { case: "listServicesResponse", value: { service: services.map((name) => ({ name })) } };
    case "fileByFilename":
      return fileAnswer(symbols.file(question.value), `file "${question.value}"`);
    case "fileContainingSymbol":
      return fileAnswer(symbols.fileOf(question.value), `symbol "${question.value}"`);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = question.value;
      const extension = symbols.extensionsOf(containingType)?.get(extensionNumber);
      return fileAnswer(extension?.file, `extension ${extensionNumber} of "${containingType}"`);
    }
    case "allExtensionNumbersOfType": {
      const extensions = symbols.extensionsOf(question.value);
      if (extensions === undefined) return errorAnswer(Code.NotFound, `No message "${question.value}" is known here.`);
      const value = { baseTypeName: question.value, extensionNumber: [...extensions.keys()] };
      return { case: "allExtensionNumbersResponse", value };
    }
    case undefined:
      return errorAnswer(Code.InvalidArgument, "The request asks nothing that this version of reflection knows.");
  }
}

/** The file and all its imports in one answer, so a client needs no second question. */
function fileAnswer(file: DescFile | undefined, asked: string): Answer {
  if (file === undefined) return errorAnswer(Code.NotFound, `No ${asked} is known here.`);
  const fileDescriptorProto = withImports(file).map((one) => toBinary(FileDescriptorProtoSchema, one.proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

/** Connect's codes are gRPC's, by number. */
function errorAnswer(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
