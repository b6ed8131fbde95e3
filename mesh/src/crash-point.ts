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
  | "delivery.parked"
  | "delivery.handled"
  | "delivery.acknowledged"
  | "delivery.before-burial"
  | "delivery.buried"
  | "saga.before-write"
  | "saga.after-write"
  | "saga.before-call"
  | "saga.after-call"
  | "saga.before-undo"
  | "saga.after-undo"
  | "saga.parked"
  | "command.begun"
  | "command.done"
  | "command.handed-over"
  | "redrive.decided"
  | "redrive.sent"
  | "redrive.removed"
  | "call.handled";

let reached: CrashPointListener | undefined;

/** Told of each passing: the point, and whose it is where several take turns there, e.g. the hearer; else empty. */
export type CrashPointListener = (point: CrashPoint, of: string) => void;

/** Passes a point. Costs a comparison unless a test listens. */
export function crashPoint(point: CrashPoint, of = ""): void {
  if (reached !== undefined) reached(point, of);
}

/** Listens to all points; for tests alone. The listener may end the process, or hold it up until it has ended the broker. */
export function listenToCrashPoints(listener: CrashPointListener | undefined): void {
  reached = listener;
}
