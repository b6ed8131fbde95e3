// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import type { Broker } from "../broker/connection.ts";
import { purgeSubject } from "../broker/purge-subject.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import { MeshError } from "../mesh-error.ts";
import { hasEnded } from "./command-facts.ts";
import { stateName } from "./command-status.ts";
import { askToStop } from "./running-commands.ts";
import type { Known, Statuses } from "./statuses.ts";

/** What is needed to take commands back. */
export interface CancelInit {
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly statuses: Statuses;
}

/**
 * Takes a command back. Compare-and-set decides against its runner, also at the moment when it comes due: either it is CANCELLED
 * and no handler sees it from then on, or it is RUNNING. Of a running one it is written down that it is to stop, and the instance
 * that runs it, if it can be reached, aborts the handler's signal: when that try fails, or its instance is gone, the command is
 * CANCELLED; when it succeeds all the same it is DONE.
 *
 * @param find gives what is known of the command; asked again after each lost race
 * @throws MeshError COMMAND_ENDED when it is done or dead; whatever `find` throws; BROKER_UNAVAILABLE
 */
export async function cancelCommand(init: CancelInit, by: string, find: () => Promise<Known>): Promise<Command> {
  const { broker, subjects, statuses } = init;
  for (;;) {
    const known = await find();
    const { command } = known;
    if (command.state === CommandState.CANCELLED) return command;
    if (hasEnded(command)) throw tooLate(command);
    const isRunning = command.state === CommandState.RUNNING;
    if (isRunning && command.cancelRequested) {
      askToStop(broker, subjects, command);
      return command;
    }
    const change = isRunning ? { cancelRequested: true } : { state: CommandState.CANCELLED };
    const next = await statuses.replace(known, { ...change, cancelledBy: by });
    if (next === undefined) continue;
    if (isRunning) askToStop(broker, subjects, command);
    else await forgetSchedule(init, command);
    return next.command;
  }
}

/** What fires all the same passes by: it is only in the way. */
async function forgetSchedule({ broker, subjects }: CancelInit, { scheduleId }: Command): Promise<void> {
  if (scheduleId === "") return;
  const { schedules } = streamNames(subjects.namespace);
  await purgeSubject(broker, schedules, subjects.schedule(scheduleId)).catch(() => {});
}

function tooLate(command: Command): MeshError {
  const message = `command "${command.id}" of "${command.method}" is ${stateName(command)} and cannot be taken back`;
  return new MeshError({ code: "COMMAND_ENDED", message, mayHaveRun: true });
}
