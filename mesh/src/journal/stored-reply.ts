// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";
import { decodePlain, encodePlain } from "./plain-text.ts";

/** Most bytes that the digest and its brackets add to a reply. */
export const replyEnvelopeBytes = 32;

/** A commit's reply as text, with the digest of the request that it answers where the sender gave an idempotency key. */
export function encodeReply(reply: unknown, request: string | undefined): string {
  return encodePlain(request === undefined ? [reply] : [reply, request]);
}

/**
 * The reply that a repeat gets.
 *
 * @throws MeshError MESSAGE_ID_REUSED when the request is not the one that was answered: whoever uses a key for something
 *   else must not be told that it was done
 */
export function decodeReply(text: string, request: string | undefined): unknown {
  const [reply, answered] = decodePlain(text) as [reply: unknown, request?: string];
  if (answered === undefined || request === undefined || answered === request) return reply;
  throw new MeshError({
    code: "MESSAGE_ID_REUSED",
    message: "this idempotency key was used for another request, which was answered; take a new key for a new request",
  });
}
