// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { derivedId } from "@parley/mesh/calls";
import type { MethodContract } from "@parley/mesh/contracts";
import { undecodable } from "../undecodable.ts";

const maxLength = 255;

/**
 * The key of an Idempotency-Key header, with or without the quotes that the draft standard puts around it; unset where there
 * is none, and on methods that only read, where a repeat does no harm anyway.
 *
 * @throws MeshError UNDECODABLE when it is none
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function readIdempotencyKey(header: string | undefined, { noSideEffects }: MethodContract): string | undefined {
  if (header === undefined || noSideEffects) return undefined;
  const [, quoted, bare] = /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]+)"|([\x21\x23-\x7e]+))$/.exec(header.trim()) ?? [];
  const key = quoted ?? bare;
  if (key !== undefined && key.length <= maxLength) return key;
  throw undecodable(`header "Idempotency-Key" must be 1 to ${maxLength} printable ASCII characters, e.g. a UUID`);
}

/**
 * The id of the message that a request with such a key becomes: the same for the same key and method, so that a handler that
 * goes by its message's id has its effect once. It cannot be made to meet the id of any other message.
 */
export function messageIdFor(key: string, { name }: MethodContract): string {
  return derivedId("idempotency-key", name, key);
}
