// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { undecodable } from "../undecodable.ts";

/** How long a client is ready to wait. */
export interface AskedTime {
  /** Milliseconds; unset: it did not say. */
  readonly timeoutMs: number | undefined;
  /** What of its Prefer header was done, for Preference-Applied; unset: nothing. */
  readonly applied: string | undefined;
}

const unitMs: Readonly<Record<string, number>> = { "": 1000, s: 1000, ms: 1 };

/**
 * Reads `Prefer: wait=10` (RFC 7240, whole seconds; whatever else it prefers is ignored, as the RFC says) and `X-Timeout:
 * 2.5`, `2.5s` or `2500ms`. Both: the shorter. The contract's time is the bound; this is only ever shorter.
 *
 * @throws MeshError UNDECODABLE when X-Timeout is no time
 */
export function askedTime(prefer: string | undefined, timeout: string | undefined): AskedTime {
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?(?:$|[,;\s])/i.exec(prefer ?? "")?.[1];
  const times = [
    ...(wait === undefined ? [] : [Number(wait) * 1000]),
    ...(timeout === undefined ? [] : [msOf(timeout)]),
  ];
  return {
    timeoutMs: times.length === 0 ? undefined : Math.min(...times),
    applied: wait === undefined ? undefined : `wait=${wait}`,
  };
}

function msOf(text: string): number {
  const [, number, unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?)(s|ms|)$/.exec(text.trim()) ?? [];
  const ms = Number(number) * (unitMs[unit] ?? Number.NaN);
  if (ms > 0) return ms;
  const message = `header "X-Timeout" is ${JSON.stringify(text.slice(0, 40))}; write seconds above 0, e.g. "2.5", or "2500ms"`;
  throw undecodable(message);
}
