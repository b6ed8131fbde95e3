// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash, hash } from "node:crypto";
import { v7 } from "uuid";

/** A new message id: UUIDv7, so ids of one sender sort by time. */
export function newId(): string {
  return v7();
}

/**
 * An id that is the same whenever the same parts are: the id of what a handler sends because of a message, so that
 * handling the message again sends nothing twice. 128 bits of SHA-256 in base64url; parts are length-prefixed, so no two
 * lists of parts run together. It never begins with `-`: whoever types it would have typed an option.
 */
export function derivedId(...parts: readonly (string | number)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${String(part).length}:${part};`);
  return hash.digest().subarray(0, 16).toString("base64url").replace(/^-/, "_");
}

/** Digest of a payload, to tell a repeated message from another one under the same id. */
export function payloadDigest(payload: Uint8Array): string {
  return hash("sha256", payload, "base64url").slice(0, 22);
}
