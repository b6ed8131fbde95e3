// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { crashPoint } from "../crash-point.ts";
import { MeshError } from "../mesh-error.ts";
import { mayFallBack } from "../pipeline/fall-back.ts";
import { logger } from "../telemetry/logger.ts";
import type { Burial, FellBack, Graveyard } from "./dead-letters.ts";
import { wasTakenOver } from "./taken-over.ts";

/** A command that is to do what another one did not do. */
export interface Successor extends FellBack {
  /** Dispatches it; again does nothing. */
  dispatch(): Promise<void>;
}

/** Who does what a command did not do, under an id that follows from the command's; undefined: nobody. */
export type TakeOver = (burial: Burial) => Promise<Successor | undefined>;

/**
 * Writes down that a command is taken over, before the other one is dispatched: from then on the first is not run any more,
 * and whoever gets its message finishes what was begun. False when the command came to its end elsewhere, or is in other hands.
 */
export type Handover = (burial: Burial, successor: FellBack) => Promise<boolean>;

/**
 * A graveyard that first looks whether another method takes over, for commands that have surely not run: then that one's
 * command takes the place of the dead letter. When it cannot be dispatched for a reason that stays, the letter is written.
 */
export function fallingBack(letters: Graveyard, takeOver: TakeOver, handOver: Handover): Graveyard {
  return {
    async bury(burial) {
      const taken = mayBeTakenOver(burial) ? await attempted(burial, takeOver, handOver) : undefined;
      return taken ?? letters.bury(burial);
    },
  };
}

function mayBeTakenOver({ hearing, header, attempts, error }: Burial): boolean {
  if (hearing.operation.kind !== "command" || header === undefined) return false;
  // What one process begins another one ends.
  if (wasTakenOver(error)) return true;
  // Every try is known, and none has done anything. What a crash ended is not known.
  return (
    mayFallBack(error) && attempts.length >= header.attempt && attempts.every((failed) => !failed.error.mayHaveRun)
  );
}

async function attempted(burial: Burial, takeOver: TakeOver, handOver: Handover): Promise<FellBack | undefined> {
  const { handler, name } = burial.hearing.operation;
  try {
    const successor = await takeOver(burial);
    if (successor === undefined || !(await handOver(burial, successor))) return undefined;
    crashPoint("command.handed-over", handler);
    await successor.dispatch();
    return successor;
  } catch (thrown) {
    const error = MeshError.from(thrown);
    // Whoever buries tries again while the broker is away.
    if (error.errorClass === "TRANSIENT" || error.errorClass === "UNAVAILABLE") throw error;
    logger.warn({ err: error, operation: name }, "no other method could take a command over; it is a dead letter");
    return undefined;
  }
}
