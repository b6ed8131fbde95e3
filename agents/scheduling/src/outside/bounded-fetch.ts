// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Bounds of what is fetched from elsewhere. */
export interface FetchBounds {
  readonly signal: AbortSignal;
  /** Bytes after which an answer is given up. */
  readonly maxBytes: number;
}

/**
 * A `fetch` that ends with the signal and never takes in more than so many bytes of an answer: a feed that never ends is an
 * error, not memory. Redirects are errors too: they would carry what logs in to somebody else.
 */
export function boundedFetch({ signal, maxBytes }: FetchBounds): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, signal, redirect: "error" });
    const body = await boundedBody(response, maxBytes);
    const { status, statusText, headers } = response;
    // These statuses must not have a body.
    return new Response([204, 205, 304].includes(status) ? null : body, { status, statusText, headers });
  };
}

async function boundedBody({ body }: Response, maxBytes: number): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.byteLength;
    // Leaving the loop gives the rest of the answer up.
    if (bytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    parts.push(part);
  }
  return new Blob(parts);
}
