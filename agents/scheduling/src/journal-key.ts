// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";

/** What the broker takes, in bytes of UTF-8. */
const longest = 180;

/**
 * The key under which a journal keeps what belongs to an id that somebody else chose: the id itself, or its hash where the
 * id is longer than a key may be. No id can pass for another one's hash, since contracts forbid control characters in ids.
 */
export function journalKey(id: string): string {
  if (Buffer.byteLength(id) <= longest) return id;
  return `\u0001${createHash("sha256").update(id).digest("base64url")}`;
}
