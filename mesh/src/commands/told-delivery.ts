// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { type Burial, type Graveyard, letterIdOf } from "../delivery/dead-letters.ts";
import type { Handover } from "../delivery/fall-back-command.ts";
import { letterHeader } from "../delivery/letter-header.ts";
import { type Parked, type Parking, scheduleIdOf } from "../delivery/parking.ts";
import { errorDetail } from "../error-detail.ts";
import type { MessageHeader } from "../header.ts";
import { readHeader } from "../header-codec.ts";
import { hasEnded } from "./command-facts.ts";
import type { Statuses } from "./statuses.ts";
import { turnOf } from "./turn.ts";

/** Parking that writes down of each command that it waits; one that was taken back meanwhile is not parked any more. */
export function toldParking(parking: Parking, statuses: Statuses): Parking {
  return {
    holds: (pulled) => parking.holds(pulled),
    async park(pulled, parked) {
      const isCommand = pulled.subject.split(".")[1] === "cmd";
      if (isCommand && !(await tellParked(statuses, pulled, parked))) return;
      await parking.park(pulled, parked);
    },
  };
}

/** A graveyard that writes down of each command that it is dead, once the letter is stored. */
export function toldLetters(letters: Graveyard, statuses: Statuses): Graveyard {
  return {
    async bury(burial) {
      const fellBack = await letters.bury(burial);
      if (burial.hearing.operation.kind !== "command") return fellBack;
      await tellBuried(statuses, burial, letterIdOf(burial));
      return fellBack;
    },
  };
}

/**
 * Ends a command in favour of another one by compare-and-set, so that of a runner and whoever hands it over one wins.
 *
 * @param instance id of the host in the directory
 */
export function toldHandover(statuses: Statuses, instance: string): Handover {
  return async ({ pulled, hearing, header, error }, { method, id }) => {
    if (header === undefined) return false;
    const change = {
      state: CommandState.FAILED,
      sequence: BigInt(pulled.sequence),
      takenOverBy: id,
      error: errorDetail(error.with({ message: `${error.message}; "${method}" took over, as command "${id}"` })),
    };
    for (;;) {
      const known = await statuses.knownOr({ header, headers: pulled.headers, agent: hearing.operation.agent });
      const { command, revision } = known;
      if (command.takenOverBy === id && command.sequence === change.sequence) return true;
      const isOwn = command.instance === instance && command.attempts === header.attempt;
      const isTried = command.state === CommandState.RETRYING && isOwn && command.sequence === change.sequence;
      if (revision > 0 && !isTried) return false;
      if (await statuses.replace(known, change)) return true;
    }
  };
}

/** False when the command was taken back or has ended, so need not wait for its time or its next try. */
async function tellParked(statuses: Statuses, pulled: PulledMessage, { header, due, agent }: Parked): Promise<boolean> {
  const change = { scheduleId: scheduleIdOf(pulled), nextAttemptAt: timestampFromMs(due) };
  for (;;) {
    const known = await statuses.knownOr({ header, headers: pulled.headers, agent });
    const { state, cancelRequested, scheduleId } = known.command;
    if (hasEnded(known.command)) {
      const isRedriven = pulled.headers.has(letterHeader);
      // A redriven one may have to wait as well.
      return turnOf(known.command, { sequence: BigInt(pulled.sequence), requestDigest: "", isRedriven }) === "run";
    }
    if (state === CommandState.RUNNING || (known.revision > 0 && scheduleId === change.scheduleId)) return true;
    const waiting = state === CommandState.RETRYING ? state : CommandState.SCHEDULED;
    const next = cancelRequested ? CommandState.CANCELLED : waiting;
    if (await statuses.replace(known, { ...change, state: next })) return next !== CommandState.CANCELLED;
  }
}

/** Not when another message of the command runs, or it was done or taken back. */
async function tellBuried(statuses: Statuses, burial: Burial, deadLetterId: string): Promise<void> {
  const { pulled, hearing, error } = burial;
  const header = burial.header ?? headerIn(pulled);
  if (header === undefined) return;
  const { agent } = hearing.operation;
  const sequence = BigInt(pulled.sequence);
  const state = error.code === "EXPIRED" ? CommandState.EXPIRED : CommandState.FAILED;
  for (;;) {
    const known = await statuses.knownOr({ header, headers: pulled.headers, agent });
    const { command } = known;
    const isElsewhere = command.sequence !== sequence;
    const isDead = command.state === CommandState.FAILED || command.state === CommandState.EXPIRED;
    // A redriven one may die again without having run; one that another method was to take over and could not dies now.
    const isLeft = command.takenOverBy !== "";
    if (hasEnded(command) && !(isDead && (isElsewhere || isLeft))) return;
    if (command.state === CommandState.RUNNING && isElsewhere) return;
    const change = { state, sequence, deadLetterId, takenOverBy: "", error: errorDetail(error) };
    if (await statuses.replace(known, change)) return;
  }
}

/** The header of a message whose content could not be read. */
function headerIn({ headers }: PulledMessage): MessageHeader | undefined {
  try {
    return readHeader((name) => headers.get(name));
  } catch {
    return undefined;
  }
}
