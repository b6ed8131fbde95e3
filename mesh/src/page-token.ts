// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "./mesh-error.ts";

/** From where a list goes on: in which of its parts, and below which sequence of each stream that the part is read from. */
export interface PagePlace<Part extends string = string> {
  readonly part: Part;
  readonly at: readonly number[];
}

/** A place as a page token: `part.7-12`. */
export function pageToken({ part, at }: PagePlace): string {
  return `${part}.${at.join("-")}`;
}

/**
 * The place that a page token stands for; undefined for an empty one: from the beginning.
 *
 * @param parts how many numbers the token of each part has
 * @throws MeshError INVALID_MESSAGE when it is none of this list
 */
export function readPageToken<Part extends string>(
  token: string,
  parts: Readonly<Record<Part, number>>,
): PagePlace<Part> | undefined {
  if (token === "") return undefined;
  const [, name = "", numbers = ""] = /^([a-z]+)\.(\d{1,16}(?:-\d{1,16})*)$/.exec(token) ?? [];
  const at = numbers.split("-").map(Number);
  if (isPart(name, parts) && at.length === parts[name]) return { part: name, at };
  const shown = JSON.stringify(token.slice(0, 60));
  throw new MeshError({
    code: "INVALID_MESSAGE",
    message: `${shown} is no page token of this list; give back the one of the page before, or none`,
  });
}

function isPart<Part extends string>(name: string, parts: Readonly<Record<Part, number>>): name is Part {
  return Object.hasOwn(parts, name);
}
