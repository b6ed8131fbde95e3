// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";
import { mayFallBack } from "../pipeline/fall-back.ts";
import { logger } from "../telemetry/logger.ts";
import type { Burial, FellBack, Graveyard } from "./dead-letters.ts";

/** Has another method do what a command did not, under an id that follows from the command's; undefined: there is none. */
export type TakeOver = (burial: Burial) => Promise<FellBack | undefined>;

/**
 * A graveyard that first looks whether another method takes over, for commands that have surely not run: then that one's
 * command takes the place of the dead letter. When it cannot be dispatched for a reason that stays, the letter is written.
 */
export function fallingBack(letters: Graveyard, takeOver: TakeOver): Graveyard {
  return {
    async bury(burial) {
      const taken = hasSurelyNotRun(burial) ? await attempted(burial, takeOver) : undefined;
      return taken ?? letters.bury(burial);
    },
  };
}

/** Every try is known, and none has done anything. What a crash ended is not known. */
function hasSurelyNotRun({ hearing, header, attempts, error }: Burial): boolean {
  if (hearing.operation.kind !== "command" || header === undefined) return false;
  return (
    mayFallBack(error) && attempts.length >= header.attempt && attempts.every((failed) => !failed.error.mayHaveRun)
  );
}

async function attempted(burial: Burial, takeOver: TakeOver): Promise<FellBack | undefined> {
  try {
    return await takeOver(burial);
  } catch (thrown) {
    const error = MeshError.from(thrown);
    // Whoever buries tries again while the broker is away.
    if (error.errorClass === "TRANSIENT" || error.errorClass === "UNAVAILABLE") throw error;
    const { name } = burial.hearing.operation;
    logger.warn({ err: error, operation: name }, "no other method could take a command over; it is a dead letter");
    return undefined;
  }
}
