// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AnyDesc, fromBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { MeshError } from "@parley/mesh";

/**
 * What contracts say in comments. Descriptors of live agents carry none, so they come from descriptor sets that a compiler
 * wrote with source information (`buf build -o contracts.binpb`), and are looked up by full name.
 */
export class Comments {
  readonly #texts = new Map<string, string>();

  /**
   * @param sets of contracts besides Parley's own; where two speak of one element, the later counts
   * @throws MeshError UNDECODABLE when one is no descriptor set
   */
  constructor(sets: readonly Uint8Array[]) {
    for (const bytes of [...ownContracts(), ...sets]) {
      for (const file of filesOf(bytes)) for (const [name, text] of commentsIn(file)) this.#texts.set(name, text);
    }
  }

  /** The comment above an element; undefined where none is known. */
  of(desc: AnyDesc): string | undefined {
    return this.#texts.get(nameOf(desc));
  }
}

/** Parley's own contracts with their comments, as they were compiled. Comments only explain: where there is no such file, the document says less. */
function ownContracts(): readonly Uint8Array[] {
  try {
    return [readFileSync(createRequire(import.meta.url).resolve("@parley/contracts/contracts.binpb"))];
  } catch {
    return [];
  }
}

function filesOf(bytes: Uint8Array): readonly FileDescriptorProto[] {
  try {
    return fromBinary(FileDescriptorSetSchema, bytes).file;
  } catch (cause) {
    throw new MeshError({ code: "UNDECODABLE", message: "comments: not a set of file descriptors", cause });
  }
}

function nameOf(desc: AnyDesc): string {
  if ("typeName" in desc) return desc.typeName;
  return "parent" in desc && desc.parent !== undefined ? `${desc.parent.typeName}.${desc.name}` : desc.name;
}

/** Numbers of fields in descriptors, of which the path of a source location is made. */
const at = { messages: 4, enums: 5, services: 6, fields: 2, nested: 3, nestedEnums: 4, values: 2, methods: 2 } as const;

function* commentsIn(file: FileDescriptorProto): Iterable<readonly [name: string, text: string]> {
  const above = new Map<string, string>();
  for (const { path, leadingComments = "" } of file.sourceCodeInfo?.location ?? []) {
    const text = textOf(leadingComments);
    if (text !== "") above.set(path.join("."), text);
  }
  for (const [name, path] of elementsOf(file)) {
    const text = above.get(path.join("."));
    if (text !== undefined) yield [name, text];
  }
}

type Element = readonly [name: string, path: readonly number[]];

function* elementsOf(file: FileDescriptorProto): Iterable<Element> {
  const scope = file.package === "" ? "" : `${file.package}.`;
  for (const [index, message] of file.messageType.entries()) yield* ofMessage(message, scope, [at.messages, index]);
  for (const [index, one] of file.enumType.entries()) yield* ofEnum(one, scope, [at.enums, index]);
  for (const [index, { name, method }] of file.service.entries()) {
    const path = [at.services, index];
    yield [scope + name, path];
    yield* method.map((each, nth): Element => [`${scope}${name}.${each.name}`, [...path, at.methods, nth]]);
  }
}

function* ofMessage(message: DescriptorProto, scope: string, path: readonly number[]): Iterable<Element> {
  const name = scope + message.name;
  yield [name, path];
  yield* message.field.map((each, nth): Element => [`${name}.${each.name}`, [...path, at.fields, nth]]);
  for (const [nth, one] of message.nestedType.entries()) yield* ofMessage(one, `${name}.`, [...path, at.nested, nth]);
  for (const [nth, one] of message.enumType.entries()) yield* ofEnum(one, `${name}.`, [...path, at.nestedEnums, nth]);
}

function* ofEnum({ name, value }: EnumDescriptorProto, scope: string, path: readonly number[]): Iterable<Element> {
  yield [scope + name, path];
  yield* value.map((each, nth): Element => [`${scope}${name}.${each.name}`, [...path, at.values, nth]]);
}

/** The comment without the space that each line begins with, and without what it says to tools. */
function textOf(comment: string): string {
  const lines = comment.split("\n").map((line) => line.replace(/^ /, "").trimEnd());
  return lines
    .filter((line) => !line.startsWith("buf:lint:"))
    .join("\n")
    .trim();
}
