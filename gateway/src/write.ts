// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Request, Response } from "@parley/mesh/calls";

/** An answer that is whole at once. */
export interface Whole {
  readonly status: number;
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body?: string | Uint8Array | undefined;
}

/** Writes an answer that the gateway gives itself, over either HTTP. */
export function write(response: Response, { status, headers, body }: Whole): void {
  response.statusCode = status;
  for (const [name, value] of headers) response.setHeader(name, value);
  if (body === undefined) response.end();
  else response.end(body);
}

/** An answer for people. */
export function text(status: number, body: string | undefined): Whole {
  return { status, headers: [["content-type", "text/plain; charset=utf-8"]], body };
}

/** The same answer, without its body where only the headers were asked for. */
export function headless(request: Request, whole: Whole): Whole {
  return request.method === "HEAD" ? { ...whole, body: undefined } : whole;
}
