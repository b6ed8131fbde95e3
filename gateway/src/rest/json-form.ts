// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  type DescMessage,
  fromJson,
  fromJsonString,
  type JsonObject,
  type JsonValue,
  type Message,
  mergeFromJson,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { edgeJsonOptions } from "@parley/mesh/calls";
import { undecodable } from "../undecodable.ts";
import { checkJson } from "./json-text.ts";

/**
 * Messages as ProtoJSON at the edge. In: field names of the contract or in lowerCamelCase, unknown and doubled ones are
 * errors. Out: names of the contract, and every field that is not optional, also where it has its default.
 */
export class JsonForm {
  /** Types that may stand in a google.protobuf.Any, and the options that contracts use. */
  readonly registry: Registry;
  readonly #read;
  readonly #write;

  constructor(registry: Registry) {
    this.registry = registry;
    this.#read = { ...edgeJsonOptions, registry };
    this.#write = { useProtoFieldName: true, alwaysEmitImplicit: true, registry };
  }

  /**
   * @param field whose value the text is; unset: the text is the whole message
   * @throws MeshError UNDECODABLE
   */
  read(desc: DescMessage, text: string, field?: string): Message {
    checkJson(text);
    return decoding("the body", () => {
      if (field === undefined) return fromJsonString(desc, text, this.#read);
      // Proves that the text is one value, so that nothing in it can get out of its place.
      JSON.parse(text);
      return fromJsonString(desc, `{${JSON.stringify(field)}:${text}}`, this.#read);
    });
  }

  /**
   * The message that path and query describe.
   *
   * @throws MeshError UNDECODABLE
   */
  fromParameters(desc: DescMessage, json: JsonObject): Message {
    return decoding("path or query", () => fromJson(desc, json, this.#read));
  }

  /** Adds what path and query describe to a message. */
  addParameters(desc: DescMessage, message: Message, json: JsonObject): void {
    decoding("path or query", () => mergeFromJson(desc, message, json, this.#read));
  }

  write(desc: DescMessage, message: Message): JsonValue {
    return toJson(desc, message, this.#write);
  }
}

function decoding<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw undecodable(`${what}: ${why}`);
  }
}
