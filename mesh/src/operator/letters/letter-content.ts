// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, fromJson, type JsonValue, type Message, toBinary, toJson } from "@bufbuild/protobuf";
import type { DeadLetter } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import type { Host } from "../../agent/host-options.ts";
import { messageAt } from "../../broker/stored-entry.ts";
import { edgeJsonOptions } from "../../calls/limits.ts";
import type { Contracts } from "../../contracts/contracts.ts";
import { openMessage, type Wire } from "../../delivery/open-message.ts";
import { readHeader } from "../../header-codec.ts";
import { MeshError } from "../../mesh-error.ts";
import { assertValid } from "../../pipeline/validate.ts";
import type { MeshContracts } from "../mesh-contracts.ts";
import { type Redacted, redact, restore } from "./redaction.ts";

/** What a letter is about, for somebody who reads or edits it. */
export class LetterContents {
  readonly #host: Host;
  readonly #contracts: MeshContracts;

  constructor(host: Host, contracts: MeshContracts) {
    this.#host = host;
    this.#contracts = contracts;
  }

  /**
   * The message as it was on the wire; of a letter that had no room for it, from the stream that it came from.
   *
   * @throws MeshError NOT_FOUND when that stream does not keep it any more
   */
  async wireOf(letter: DeadLetter): Promise<Wire> {
    const { subject, payload, stream, sequence, contentLeftOut, header } = letter;
    if (!contentLeftOut) return { subject, payload, headers: new Map(Object.entries(letter.headers)) };
    const found = await messageAt(this.#host.broker, stream, Number(sequence));
    // A stream that was deleted and made again holds another message there.
    const isIt =
      found?.subject === subject && (header === undefined || messageIdIn(found.headers) === header.messageId);
    if (found !== undefined && isIt) return found;
    const message = `the message of letter "${letter.id}" was too large for it, and stream "${stream}" does not keep message ${sequence} any more`;
    throw new MeshError({ code: "NOT_FOUND", message });
  }

  /**
   * The message in JSON, by the contracts that its hearer was built with, or by the newest that know its type.
   *
   * @throws MeshError UNKNOWN_TYPE when none does, UNDECODABLE, NOT_FOUND
   */
  async read(letter: DeadLetter): Promise<Redacted & { readonly type: DescMessage }> {
    const wire = await this.wireOf(letter);
    const { type, contracts } = await this.#typeOf(letter, wire);
    const { message } = openMessage(wire, type);
    const { registry } = contracts;
    return { ...redact(type, toJson(type, message, { registry }), registry), type };
  }

  /**
   * An edited message as its hearer takes it now: of the type that it is there for, whatever type the letter's own was. What was
   * redacted and is still so in the JSON has its value again.
   *
   * @throws MeshError UNDECODABLE when the JSON is none of that type, INVALID_MESSAGE when it breaks a rule of the contract
   */
  async edited(letter: DeadLetter, json: string): Promise<Edited> {
    const contracts = await this.#contracts.all();
    const heard = heardAs(letter, contracts);
    if (heard === undefined) throw unknownToAll(letter);
    const { input, keyOf } = heard;
    const hidden = await this.read(letter).then(
      (read) => read.hidden,
      // What cannot be read hid nothing.
      () => [],
    );
    const message = parsed(input, json, { hidden, contracts });
    assertValid(input, message);
    return { payload: toBinary(input, message), type: input, key: keyOf(message) };
  }

  /** Where the type of an event has its journal. */
  async domainOf(letter: DeadLetter): Promise<string> {
    const all = await this.#contracts.all();
    const known = all.eventNamed(letter.type) ?? (await this.#own(letter))?.eventNamed(letter.type);
    return known?.domain ?? letter.type.slice(0, Math.max(0, letter.type.lastIndexOf(".")));
  }

  async #typeOf(letter: DeadLetter, wire: Wire): Promise<{ type: DescMessage; contracts: Contracts }> {
    const name = readHeader((header) => wire.headers.get(header))?.messageType ?? letter.type;
    for (const find of [() => this.#own(letter), () => this.#contracts.all()]) {
      const contracts = await find();
      const type = contracts?.registry.getMessage(name);
      if (contracts !== undefined && type !== undefined) return { type, contracts };
    }
    const message = `the message of letter "${letter.id}" is a "${name}", which no contract knows any more`;
    throw new MeshError({ code: "UNKNOWN_TYPE", message });
  }

  async #own({ contractDigest }: DeadLetter): Promise<Contracts | undefined> {
    return contractDigest === "" ? undefined : this.#host.contractStore.of(contractDigest);
  }
}

/** A message in the place of a letter's. */
export interface Edited {
  readonly payload: Uint8Array;
  readonly type: DescMessage;
  /** Unset: as before. */
  readonly key: string | undefined;
}

/** What a hearer takes. */
export interface HeardAs {
  readonly input: DescMessage;
  /** Unset: as before. */
  readonly keyOf: (message: Message) => string | undefined;
}

/** What the hearer of a letter takes, by the newest contracts; undefined when they do not know it. */
export function heardAs(letter: DeadLetter, contracts: Contracts): HeardAs | undefined {
  const event = contracts.eventNamed(letter.type);
  if (event !== undefined) return { input: event.desc, keyOf: (message) => event.key.read(message) };
  const method = contracts.methodNamed(letter.type);
  if (method !== undefined) {
    return { input: method.desc.input, keyOf: (message) => method.command?.orderKey?.read(message) || undefined };
  }
  return undefined;
}

function unknownToAll({ id, hearer, type }: DeadLetter): MeshError {
  const message = `"${type}", which hearer "${hearer}" of letter "${id}" was there for, is in no contract of the mesh any more; start an agent that has it, or discard the letter`;
  return new MeshError({ code: "UNKNOWN_TYPE", message });
}

function parsed(
  type: DescMessage,
  json: string,
  { hidden, contracts }: { readonly hidden: readonly JsonValue[]; readonly contracts: Contracts },
): Message {
  try {
    const value: unknown = JSON.parse(json);
    return fromJson(type, restore(value as JsonValue, hidden), { ...edgeJsonOptions, registry: contracts.registry });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MeshError({ code: "UNDECODABLE", message: `the JSON is no "${type.typeName}": ${why}`, cause });
  }
}

/** The id that a message has by its headers; empty when they cannot be read. */
export function messageIdIn(headers: ReadonlyMap<string, string>): string {
  try {
    return readHeader((name) => headers.get(name))?.messageId ?? "";
  } catch {
    return "";
  }
}
