// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError, notRun } from "@parley/mesh";

/** What is asked of the world outside. */
export interface OutsideRequest {
  readonly system: "smtp" | "phone" | "sms";
  readonly to: string;
  readonly text: string;
  /** By which the other side knows a repeat. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

/**
 * Asks a system outside over HTTP and gives its receipt.
 *
 * @param base e.g. `http://127.0.0.1:4025`
 * @throws MeshError UNAVAILABLE when it is down or nobody was reached, which has surely done nothing; REFUSED when it does not
 *   take the request as it is; CONNECTION_LOST when nothing is known
 */
export async function askOutside(base: string, request: OutsideRequest): Promise<string> {
  const { system, to, text, idempotencyKey, signal } = request;
  let response: Response;
  try {
    response = await fetch(`${base}/${system}`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
      body: JSON.stringify({ to, text }),
      signal,
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw new MeshError({ code: "CONNECTION_LOST", message: `${system} did not answer`, mayHaveRun: true, cause });
  }
  const said = await response.text();
  if (response.ok) return said;
  if (response.status >= 500)
    throw notRun(new MeshError({ code: "UNAVAILABLE", message: `${system}: ${said}`, errorClass: "TRANSIENT" }));
  throw new MeshError({ code: "REFUSED", message: `${system}: ${said}` });
}
