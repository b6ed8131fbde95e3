// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { PathVariable } from "@parley/mesh/contracts";
import { decodePart } from "./percent.ts";

/** One way to read a path: its decoded segments, and the verb behind its last colon; empty text: none. */
export interface Reading {
  readonly segments: readonly string[];
  readonly verb: string;
}

/** The path of a request, split and decoded once. */
export class RequestPath {
  /** With a verb first, then as if a colon were any other character. */
  readonly readings: readonly Reading[];
  readonly #raw: readonly string[];

  /**
   * @param path begins with a slash
   * @throws MeshError UNDECODABLE when its percent-encoding is broken
   */
  constructor(path: string) {
    this.#raw = path.slice(1).split("/");
    const segments = this.#raw.map(decodePart);
    const whole = { segments, verb: "" };
    const last = this.#raw.at(-1) ?? "";
    const colon = last.lastIndexOf(":");
    const verb = decodePart(last.slice(colon + 1));
    this.readings =
      colon <= 0 || verb === ""
        ? [whole]
        : [{ segments: [...segments.slice(0, -1), decodePart(last.slice(0, colon))], verb }, whole];
  }

  /**
   * The text that a variable of a matching template binds. In a variable of several segments an encoded slash stays
   * encoded, so that it cannot be taken for one between segments.
   *
   * @param verb of the template that matched
   */
  valueOf({ start, end, single }: PathVariable, isRest: boolean, verb: string | undefined): string {
    const last = this.#raw.length - 1;
    const raw = this.#raw
      .slice(start, isRest ? undefined : end)
      .map((segment, index) =>
        verb !== undefined && start + index === last ? segment.slice(0, segment.lastIndexOf(":")) : segment,
      );
    return single ? decodePart(raw.join("/")) : raw.map(decodeButSlash).join("/");
  }
}

function decodeButSlash(raw: string): string {
  return raw
    .split(/(%2f)/i)
    .map((part, index) => (index % 2 === 1 ? part : decodePart(part)))
    .join("");
}
