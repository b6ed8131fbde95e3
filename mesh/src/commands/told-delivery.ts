// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type FellBack, type Graveyard, letterIdOf } from "../delivery/dead-letters.ts";
import type { Parking } from "../delivery/parking.ts";
import type { MeshError } from "../mesh-error.ts";
import type { CommandRuns } from "./command-runs.ts";

/** Parking that writes down of each command that it waits; one that was taken back meanwhile is not parked any more. */
export function toldParking(parking: Parking, runs: CommandRuns): Parking {
  return {
    holds: (pulled) => parking.holds(pulled),
    async park(pulled, parked) {
      const isCommand = pulled.subject.split(".")[1] === "cmd";
      if (isCommand && !(await runs.parked(pulled, parked))) return;
      await parking.park(pulled, parked);
    },
  };
}

/**
 * A graveyard that writes down of each command that it is dead, once the letter is stored; or which command took its place,
 * when that is dispatched.
 */
export function toldLetters(letters: Graveyard, runs: CommandRuns): Graveyard {
  return {
    async bury(burial) {
      const fellBack = await letters.bury(burial);
      if (burial.hearing.operation.kind !== "command") return fellBack;
      if (fellBack === undefined) await runs.buried(burial, letterIdOf(burial));
      else await runs.buried({ ...burial, error: takenOver(burial.error, fellBack) }, "");
      return fellBack;
    },
  };
}

function takenOver(error: MeshError, { method, id }: FellBack): MeshError {
  return error.with({ message: `${error.message}; "${method}" took over, as command "${id}"` });
}
