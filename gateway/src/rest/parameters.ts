// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescField, DescMessage, JsonObject, JsonValue, Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { MeshError } from "@parley/mesh";
import { undecodable } from "../undecodable.ts";
import { jsonOfText } from "./text-value.ts";

/** One parameter: the fields that lead to its value, and the value as text; several where it is repeated. */
interface Parameter {
  readonly fields: readonly DescField[];
  readonly texts: string[];
  /** How a person would call it, e.g. `query parameter "page_size"`. */
  readonly what: string;
}

/** What path, query and headers say of a request message. */
export class Parameters {
  readonly #input: DescMessage;
  readonly #byPath = new Map<string, Parameter>();

  constructor(input: DescMessage) {
    this.#input = input;
  }

  get isEmpty(): boolean {
    return this.#byPath.size === 0;
  }

  /** Paths of the fields that have a value, in names of the contract. */
  paths(): Iterable<string> {
    return this.#byPath.keys();
  }

  /**
   * Gives a field its value; the same one again is no harm.
   *
   * @throws MeshError UNDECODABLE when it has another one
   */
  set(fields: readonly DescField[], text: string, what: string): void {
    const known = this.#byPath.get(pathOf(fields));
    if (known === undefined) this.#byPath.set(pathOf(fields), { fields, texts: [text], what });
    else if (known.texts.length !== 1 || known.texts[0] !== text) throw contradicts(what, known.what, pathOf(fields));
  }

  /**
   * Adds a value to a repeated field, or gives a field its only one.
   *
   * @throws MeshError UNDECODABLE when a field that is not repeated has one already
   */
  add(fields: readonly DescField[], text: string, what: string): void {
    const known = this.#byPath.get(pathOf(fields));
    if (known === undefined) this.#byPath.set(pathOf(fields), { fields, texts: [text], what });
    else if (fields.at(-1)?.fieldKind === "list") known.texts.push(text);
    else throw undecodable(`${what} is given twice, and "${pathOf(fields)}" is not repeated`, pathOf(fields));
  }

  /** As a JSON object of the message, in names of the contract. */
  toJson(): JsonObject {
    const root: JsonObject = Object.create(null);
    for (const { fields, texts } of this.#byPath.values()) {
      let holder = root;
      for (const { name } of fields.slice(0, -1)) {
        const inner = holder[name];
        const made: JsonObject = isObject(inner) ? inner : Object.create(null);
        holder[name] = made;
        holder = made;
      }
      const last = fields.at(-1);
      if (last === undefined) continue;
      const values = texts.map((text) => jsonOfText(last, text, pathOf(fields)));
      holder[last.name] = last.fieldKind === "list" ? values : (values[0] ?? null);
    }
    return root;
  }

  /**
   * Refuses a body that says something else of a field than the parameters do.
   *
   * @param stated the message that the parameters alone make
   */
  assertAgree(body: Message, stated: Message): void {
    for (const { fields, what } of this.#byPath.values()) {
      if (!agree(this.#input, { fields, body, stated })) throw contradicts("the body", what, pathOf(fields));
    }
  }
}

interface Both {
  readonly fields: readonly DescField[];
  readonly body: Message;
  readonly stated: Message;
}

function agree(input: DescMessage, { fields, body, stated }: Both): boolean {
  let inBody = reflect(input, body);
  let inStated = reflect(input, stated);
  for (const field of fields) {
    const chosen = field.oneof === undefined ? undefined : inBody.oneofCase(field.oneof);
    if (chosen !== undefined && chosen !== field) return false;
    if (!inBody.isSet(field)) return true;
    const [theirs, ours]: unknown[] = [inBody.get(field), inStated.get(field)];
    if (!isReflected(theirs) || !isReflected(ours)) return theirs === ours;
    inBody = theirs;
    inStated = ours;
  }
  // A message that is one value, such as a timestamp: not worth comparing.
  return false;
}

function isReflected(value: unknown): value is ReturnType<typeof reflect> {
  return typeof value === "object" && value !== null && "isSet" in value;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function pathOf(fields: readonly DescField[]): string {
  return fields.map(({ name }) => name).join(".");
}

function contradicts(one: string, other: string, path: string): MeshError {
  return undecodable(`${one} and ${other} give one field two values; give it once`, path);
}
