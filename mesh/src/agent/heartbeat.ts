// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";

/** Signs of life, in real milliseconds. */
export interface Heartbeat {
  /** Between two of them; default 3 000. */
  readonly everyMs: number;
  /** Without one an instance counts as lost after this long; default 10 000, at least three times the other. */
  readonly ttlMs: number;
}

/** @throws MeshError REFUSED when an instance would be given up because a single sign of life is late */
export function assertHeartbeat(heartbeat: Heartbeat | undefined): void {
  if (heartbeat === undefined) return;
  const { everyMs, ttlMs } = heartbeat;
  if (everyMs >= 10 && ttlMs >= 3 * everyMs && ttlMs <= 3_600_000) return;
  const message = `a sign of life every ${everyMs} ms does not go with a TTL of ${ttlMs} ms; give at least 10 ms, and three times that up to an hour, e.g. { everyMs: 3_000, ttlMs: 10_000 }`;
  throw new MeshError({ code: "REFUSED", message });
}

/** @throws MeshError REFUSED when a weight is no whole number from 1 to 1000 */
export function assertWeight(weight: number | undefined): void {
  if (weight === undefined || (Number.isInteger(weight) && weight >= 1 && weight <= 1_000)) return;
  throw new MeshError({ code: "REFUSED", message: `${weight} is no weight; give a whole number from 1 to 1000` });
}
