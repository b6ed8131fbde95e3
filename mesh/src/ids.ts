// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash, hash, randomUUID } from "node:crypto";

/** Milliseconds since the epoch of the latest new id, and how many were made in it. */
let latest = { at: 0, count: 0 };
const mostPerMs = 0xfff;

/**
 * A new message id: UUIDv7 with a counter after the time, so ids of one process sort by when they were made.
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-6.2
 */
export function newId(): string {
  const now = Date.now();
  if (now > latest.at) latest = { at: now, count: 0 };
  // More than fit into a millisecond, or a clock that was set back: the ids go ahead of it.
  else if (latest.count === mostPerMs) latest = { at: latest.at + 1, count: 0 };
  else latest.count++;
  const time = latest.at.toString(16).padStart(12, "0");
  const count = latest.count.toString(16).padStart(3, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${randomUUID().slice(19)}`;
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
