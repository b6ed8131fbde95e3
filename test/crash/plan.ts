// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { CrashPoint } from "../../mesh/src/crash-point.ts";

/**
 * A crash point at its n-th passing within the life of one process, from 1. Hearers take turns as the machine likes, so
 * each one's passings are counted by themselves.
 */
export interface Passing {
  readonly point: CrashPoint;
  /** Whose passing it is, e.g. a hearer; empty where nobody takes turns. */
  readonly of: string;
  readonly hit: number;
}

/**
 * What an agent process does at a passing: `die` by SIGKILL; `hold` the whole process until told to go on; `tell` and go on.
 */
export interface Plan extends Passing {
  readonly action: "die" | "hold" | "tell";
}

/** What an agent process says on its pipe, a JSON value per line. */
export type Word =
  | { readonly kind: "ready"; readonly url: string }
  | { readonly kind: "published"; readonly note: string }
  | (Passing & { readonly kind: "passed" | "held" | "told" });

export function passingName({ point, of, hit }: Passing): string {
  return of === "" ? `${point}#${hit}` : `${point} ${of}#${hit}`;
}
