// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { shown, undecodable } from "../undecodable.ts";

/**
 * Decodes a part of a URL.
 *
 * @throws MeshError UNDECODABLE when it holds a lone percent sign, or bytes that are no UTF-8
 */
export function decodePart(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw undecodable(`${shown(raw)} in the URL is not percent-encoded UTF-8; write "%25" for a percent sign`);
  }
}

/** The same for a part of a query, where a plus is a space. */
export function decodeQueryPart(raw: string): string {
  return decodePart(raw.replaceAll("+", " "));
}
