// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { SagaRecord, SagaStepBegun } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { MeshError } from "../mesh-error.ts";
import { type Ask, sameStep } from "./ask.ts";
import { type Player, timeOf } from "./player.ts";

/** A step that was begun and is not over. */
export interface OpenStep {
  readonly ask: Ask;
  /** Tries that failed. */
  readonly attempts: number;
  /** Before which it is not tried again, in milliseconds since the epoch. */
  readonly notBefore: number;
}

/**
 * Has the code do again what its history tells of: it must ask for the same steps in the same order, and is given the same
 * results in theirs. Gives the steps that are still open.
 *
 * @throws MeshError NONDETERMINISTIC when the code asks for something else
 */
export async function replay(player: Player, records: readonly SagaRecord[]): Promise<Map<string, OpenStep>> {
  const open = new Map<string, OpenStep>();
  await player.turn();
  for (const record of records) {
    const { what } = record;
    if (what.case === "begun") {
      open.set(what.value.step, { ask: sameAsk(player, what.value), attempts: 0, notBefore: 0 });
    } else if (what.case === "ended") {
      assertNothingElse(player, what.value.step);
      open.delete(what.value.step);
      await player.deliver(what.value, timeOf(record));
    } else if (what.case === "delayed" && !what.value.undo) {
      const step = open.get(what.value.step);
      const { attempt, due } = what.value;
      const notBefore = due === undefined ? 0 : Number(due.seconds) * 1000 + Math.ceil(due.nanos / 1e6);
      if (step !== undefined) open.set(what.value.step, { ...step, attempts: attempt, notBefore });
    }
  }
  return open;
}

function sameAsk(player: Player, recorded: SagaStepBegun): Ask {
  const ask = player.takeAsk();
  if (ask === undefined) {
    const instead = player.end === undefined ? "asks for nothing" : "has ended";
    throw nondeterministic(`the history goes on with step "${recorded.step}", the code ${instead}`);
  }
  if (ask.step !== recorded.step) {
    throw nondeterministic(`the history goes on with step "${recorded.step}", the code asks for "${ask.step}"`);
  }
  if (!sameStep(ask.begun, recorded)) {
    throw nondeterministic(
      `step "${ask.step}" was begun with another ${ask.begun.target === recorded.target ? "request, key, time or undo" : `target, "${recorded.target}"`} than the code asks for`,
    );
  }
  return ask;
}

/** In the history the code was not further when it was told of this. */
function assertNothingElse(player: Player, step: string): void {
  const [ask] = player.asks;
  if (ask === undefined) return;
  throw nondeterministic(
    `the history goes on with the end of step "${step}", the code asks for "${ask.step}" before it`,
  );
}

/** The code is not the one that wrote the history. */
export function nondeterministic(what: string): MeshError {
  const message = `${what}; deploy code that does what the history tells, e.g. by branching on saga.version, then retry`;
  return new MeshError({ code: "NONDETERMINISTIC", message });
}
