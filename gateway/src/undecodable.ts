// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "@parley/mesh";

/**
 * The error of a request that means no message.
 *
 * @param field path of the field that it is about, in names of the contract or as the client wrote it; unset: none alone
 */
export function undecodable(message: string, field?: string): MeshError {
  const violations = field === undefined ? [] : [{ field, rule: "decodable", message }];
  return new MeshError({ code: "UNDECODABLE", message, violations });
}

/** A text from a request as an error shows it: in quotes, not too long. */
export function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
