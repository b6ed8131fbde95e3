// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Command, CommandState as WireState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { errorFromDetail } from "../error-detail.ts";
import type { MeshError } from "../mesh-error.ts";

const states = {
  [WireState.UNSPECIFIED]: "ACCEPTED",
  [WireState.ACCEPTED]: "ACCEPTED",
  [WireState.SCHEDULED]: "SCHEDULED",
  [WireState.RUNNING]: "RUNNING",
  [WireState.RETRYING]: "RETRYING",
  [WireState.DONE]: "DONE",
  [WireState.FAILED]: "FAILED",
  [WireState.EXPIRED]: "EXPIRED",
  [WireState.CANCELLED]: "CANCELLED",
} as const;

/**
 * How far a command is: stored and not begun (SCHEDULED: not due yet), run by a handler, waiting for another try, or at its end.
 * FAILED and EXPIRED have a dead letter; a redrive of it makes the command RUNNING again.
 */
export type CommandState = (typeof states)[WireState];

/** What is known of a command. Times are milliseconds since the epoch, by the mesh's clock. */
export interface CommandStatus {
  readonly id: string;
  /** `package.Service/Method`. */
  readonly method: string;
  /** Agent that runs it. */
  readonly agent: string;
  readonly state: CommandState;
  /** Tries that were begun. */
  readonly attempts: number;
  /** Agent that dispatched it. */
  readonly source: string;
  readonly batchId: string | undefined;
  readonly createdAt: number | undefined;
  readonly due: number | undefined;
  readonly expires: number | undefined;
  /** When its next try is, where that is known. */
  readonly nextAttemptAt: number | undefined;
  /** Beginning of the last try. */
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** It was to be taken back while it ran: it will be CANCELLED unless that try succeeds. */
  readonly cancelRequested: boolean;
  /** Why the last try failed. */
  readonly error: MeshError | undefined;
  readonly deadLetterId: string | undefined;
}

/** A command as it is stored, for those who asked. */
export function statusOf(command: Command): CommandStatus {
  const { id, method, agent, attempts, source, cancelRequested } = command;
  return {
    ...{ id, method, agent, attempts, source, cancelRequested },
    state: stateName(command),
    batchId: command.batchId || undefined,
    createdAt: ms(command.createdAt),
    due: ms(command.due),
    expires: ms(command.expires),
    nextAttemptAt: ms(command.nextAttemptAt),
    startedAt: ms(command.startedAt),
    endedAt: ms(command.endedAt),
    error: command.error === undefined ? undefined : errorFromDetail(command.error),
    deadLetterId: command.deadLetterId || undefined,
  };
}

/** The state of a command, for people and errors. */
export function stateName({ state }: Command): CommandState {
  return states[state];
}

function ms(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : timestampMs(time);
}
