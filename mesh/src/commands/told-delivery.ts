// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DeadLetters, letterIdOf } from "../delivery/dead-letters.ts";
import type { Parking } from "../delivery/parking.ts";
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

/** A graveyard that writes down of each command that it is dead, once the letter is stored. */
export function toldLetters(letters: Pick<DeadLetters, "bury">, runs: CommandRuns): Pick<DeadLetters, "bury"> {
  return {
    async bury(burial) {
      await letters.bury(burial);
      if (burial.hearing.operation.kind === "command") await runs.buried(burial, letterIdOf(burial));
    },
  };
}
