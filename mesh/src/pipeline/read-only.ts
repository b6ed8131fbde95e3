// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";
import type { Incoming, Operation } from "./incoming.ts";
import type { Step } from "./step.ts";

/** A maintenance that an operation is under. */
export interface ReadOnly {
  /** What callers are told. */
  readonly why: string;
  /** Milliseconds after which they shall come back. */
  readonly retryAfterMs: number;
}

/** Tells what an operation is under; undefined: nothing. */
export type MaintenanceOf = (operation: Operation) => ReadOnly | undefined;

/**
 * Refuses what may change something while its agent is under maintenance; it has surely not run. Questions, which the
 * contract calls NO_SIDE_EFFECTS, are answered. Stored messages do not come here: they are not pulled meanwhile, and what was
 * pulled before is finished.
 */
export function readOnly(maintenanceOf: MaintenanceOf): Step<Incoming> {
  return async (incoming, next) => {
    const { operation } = incoming;
    if (operation.asksOnly || operation.kind !== "call") return next(incoming);
    const maintenance = maintenanceOf(operation);
    if (maintenance === undefined) return next(incoming);
    throw new MeshError({
      code: "MAINTENANCE",
      message: `"${operation.name}" may change something, and there is ${maintenance.why}`,
      retryAfterMs: maintenance.retryAfterMs,
    });
  };
}
