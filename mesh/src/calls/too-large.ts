// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Code, type ConnectError } from "@connectrpc/connect";
import { callLimits } from "./limits.ts";

/**
 * What to say of a message that Connect found too large, in either direction; undefined for any other error.
 * Warning: Connect says so only in its sentences, and the size only where it knows it: not of what was compressed.
 */
export function tooLargeMessage({ code, rawMessage }: ConnectError): string | undefined {
  if (code !== Code.ResourceExhausted) return undefined;
  const [found, size] =
    /^message (?:size )?(\d+ )?is larger than configured (?:read|write)MaxBytes/.exec(rawMessage) ?? [];
  if (found === undefined) return undefined;
  const what = size === undefined ? "is too large" : `is ${size}bytes`;
  return `message ${what}, the limit is ${callLimits.readMaxBytes}; send a reference to large data instead`;
}
