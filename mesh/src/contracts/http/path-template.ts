// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../../mesh-error.ts";

/** One segment of a path template: a text, any one segment, or all that is left. */
export type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "one" }
  | { readonly kind: "rest" };

/** A part of a path that goes into a field. */
export interface PathVariable {
  /** As the template writes it, e.g. `book.name`. */
  readonly fieldPath: string;
  /** Index of its first segment. */
  readonly start: number;
  /** Index after its last segment. */
  readonly end: number;
  /** It is exactly one segment: then its value is decoded wholly, else an encoded slash in it stays encoded. */
  readonly single: boolean;
}

/** A parsed path template of google.api.http. */
export interface PathTemplate {
  readonly text: string;
  /** `rest` is the last one, if there is one. */
  readonly segments: readonly Segment[];
  /** What stands behind the last colon, e.g. `cancel` in `/v1/{name}:cancel`; unset: none. */
  readonly verb: string | undefined;
  readonly variables: readonly PathVariable[];
}

/**
 * Parses a path template: `/v1/{book=shelves/*}/pages/**:print`.
 *
 * @throws MeshError CONTRACT_INCOMPLETE when it is none
 * @see https://github.com/googleapis/googleapis/blob/master/google/api/http.proto
 */
export function parsePathTemplate(text: string): PathTemplate {
  const parser = new TemplateParser(text);
  return parser.parse();
}

/** The same for all templates that match the same paths: names of variables do not count. */
export function shapeOf({ segments, verb }: PathTemplate): string {
  const parts = segments.map((segment) => {
    if (segment.kind === "literal") return encodeURIComponent(segment.text).replaceAll("*", "%2A");
    return segment.kind === "one" ? "*" : "**";
  });
  return `/${parts.join("/")}${verb === undefined ? "" : `:${verb}`}`;
}

/** Reads a template from its first character to its last, once. */
class TemplateParser {
  readonly #text: string;
  #at = 0;
  readonly #segments: Segment[] = [];
  readonly #variables: PathVariable[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  parse(): PathTemplate {
    this.#expect("/");
    this.#readSegments(false);
    const verb = this.#take(":") ? this.#readLiteral("verb") : undefined;
    if (this.#at < this.#text.length) throw this.#wrong(`"${this.#text.slice(this.#at)}" is not expected`);
    const rest = this.#segments.findIndex(({ kind }) => kind === "rest");
    if (rest !== -1 && rest !== this.#segments.length - 1) throw this.#wrong('"**" must be its last segment');
    return { text: this.#text, segments: this.#segments, verb, variables: this.#variables };
  }

  #readSegments(insideVariable: boolean): void {
    do {
      if (this.#take("**")) this.#segments.push({ kind: "rest" });
      else if (this.#take("*")) this.#segments.push({ kind: "one" });
      else if (this.#take("{")) this.#readVariable(insideVariable);
      else this.#segments.push({ kind: "literal", text: this.#readLiteral("segment") });
    } while (this.#take("/"));
  }

  #readVariable(insideVariable: boolean): void {
    if (insideVariable) throw this.#wrong("a variable stands inside a variable");
    const fieldPath = this.#readWhile(/[A-Za-z0-9_.]/);
    if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(fieldPath)) throw this.#wrong(`"${fieldPath}" is no field path`);
    if (this.#variables.some((other) => other.fieldPath === fieldPath)) {
      throw this.#wrong(`it has "{${fieldPath}}" twice`);
    }
    const start = this.#segments.length;
    if (this.#take("=")) this.#readSegments(true);
    else this.#segments.push({ kind: "one" });
    this.#expect("}");
    const end = this.#segments.length;
    const single = end - start === 1 && this.#segments[start]?.kind !== "rest";
    this.#variables.push({ fieldPath, start, end, single });
  }

  #readLiteral(what: string): string {
    const raw = this.#readWhile(/[^/{}*:?#\s]/);
    if (raw === "") throw this.#wrong(`it has an empty ${what}`);
    try {
      return decodeURIComponent(raw);
    } catch {
      throw this.#wrong(`"${raw}" is not percent-encoded text`);
    }
  }

  #readWhile(allowed: RegExp): string {
    const start = this.#at;
    while (allowed.test(this.#text.charAt(this.#at))) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw this.#wrong(`"${token}" is missing at character ${this.#at + 1}`);
  }

  #wrong(why: string): MeshError {
    return new MeshError({ code: "CONTRACT_INCOMPLETE", message: `"${this.#text}" is no path template: ${why}` });
  }
}
