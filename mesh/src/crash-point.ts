// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Points at which tests end the process, to see that nothing is lost or doubled there. */
export type CrashPoint =
  | "publish.before-append"
  | "publish.after-append"
  | "commit.decided"
  | "commit.before-append"
  | "commit.after-append"
  | "commit.before-compaction"
  | "commit.after-compaction"
  | "delivery.received"
  | "delivery.handled"
  | "delivery.acknowledged"
  | "delivery.before-burial"
  | "delivery.buried"
  | "call.handled";

let reached: ((point: CrashPoint) => void) | undefined;

/** Passes a point. Costs a comparison unless a test listens. */
export function crashPoint(point: CrashPoint): void {
  if (reached !== undefined) reached(point);
}

/** Listens to all points; for tests alone. The listener may end the process, or hold it up until it has ended the broker. */
export function listenToCrashPoints(listener: ((point: CrashPoint) => void) | undefined): void {
  reached = listener;
}
