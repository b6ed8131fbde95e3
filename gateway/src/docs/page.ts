// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Whole } from "../write.ts";

/** What a page may load: files of this gateway alone, no script in the page itself. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** An HTML page. */
export function page(body: string): Whole {
  return {
    status: 200,
    headers: [["content-type", "text/html; charset=utf-8"], ["content-security-policy", policy], ...fileHeaders],
    body,
  };
}

/** A file that pages load; it may be kept while the gateway is the same version. */
export function file(type: string, body: string | Uint8Array): Whole {
  return { status: 200, headers: [["content-type", type], ["cache-control", "max-age=3600"], ...fileHeaders], body };
}

const fileHeaders = [
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "no-referrer"],
] as const;
