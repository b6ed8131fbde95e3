// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** In digits: as many milliseconds, seconds or minutes as Node's timers can bear, which is 24 days. */
const longest = { "connect-timeout-ms": "99999999", "grpc-timeout": "99999S" } as const;
const tooLong = { "connect-timeout-ms": /^\d{9,10}$/, "grpc-timeout": /^(\d{6,8}S|\d{5,8}M|\d{3,8}H)$/ } as const;

/**
 * Shortens a client's timeout to 27 hours. A contract may allow less, none allows more; and a timer beyond 24 days would
 * fire at once. What is no timeout stays for Connect to refuse.
 */
export function boundTimeouts(headers: Headers): void {
  for (const name of ["connect-timeout-ms", "grpc-timeout"] as const) {
    if (tooLong[name].test(headers.get(name) ?? "")) headers.set(name, longest[name]);
  }
}
