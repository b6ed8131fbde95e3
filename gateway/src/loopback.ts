// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Request } from "@parley/mesh/calls";

/** Whether an address or a host name is this machine's own, reached from nowhere else. */
export function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/**
 * Whether a request was made to this machine by a name that only this machine has. A web page from elsewhere can let its own
 * name point here (DNS rebinding) and then talk to any local port as to its own server; but its name gives it away.
 */
export function asksForLoopback(request: Request): boolean {
  const authority = request.headers[":authority"] ?? request.headers.host;
  const url = URL.parse(`http://${String(authority)}`);
  return url !== null && isLoopback(url.hostname);
}
