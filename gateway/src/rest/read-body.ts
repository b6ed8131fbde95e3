// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "@parley/mesh";
import { callLimits, type Request } from "@parley/mesh/calls";
import { undecodable } from "../undecodable.ts";

/**
 * The whole body of a request. The port bounds how long it may take to come.
 *
 * @throws MeshError TOO_LARGE, before reading on
 */
export async function readBody(request: Request): Promise<Buffer> {
  const limit = callLimits.readMaxBytes;
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge(limit);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("A request that was given an encoding gives no bytes.");
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws MeshError UNDECODABLE when bytes are no UTF-8 */
export function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw undecodable("the body is no UTF-8");
  }
}

function tooLarge(limit: number): MeshError {
  const message = `the body is larger than ${limit} bytes; send a reference to large data instead`;
  return new MeshError({ code: "TOO_LARGE", message });
}
