// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type MessageShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  AgentHandoffSchema,
  HandoffAcceptedSchema,
  HandoffCompletedSchema,
  HandoffReturnedSchema,
  HandoffSchema,
  HandoffState,
} from "@parley/contracts/parley/mesh/v1/handoff_pb.js";
import { defineJournal } from "../journal/define-journal.ts";
import { MeshError } from "../mesh-error.ts";

/** The newest handoff of a task; plain data, because it is kept in snapshots. */
export interface TaskState {
  /** Handoffs of the task so far. */
  readonly count: number;
  readonly from: string;
  readonly to: string;
  readonly state: HandoffState;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const events = [AgentHandoffSchema, HandoffAcceptedSchema, HandoffReturnedSchema, HandoffCompletedSchema] as const;

/** What happens to a task. */
export type TaskEvent = (typeof events)[number];

/** Tasks by their ids. */
export const tasks = defineJournal({
  name: "handoffs",
  version: 1,
  events,
  initial: (): TaskState => ({ count: 0, from: "", to: "", state: HandoffState.UNSPECIFIED, expiresAt: 0 }),
  evolve(state, event): TaskState {
    const { handoff } = event;
    // Every event's contract requires it.
    if (handoff === undefined) return state;
    switch (event.$typeName) {
      case "parley.mesh.v1.AgentHandoff":
        return {
          count: state.count + 1,
          from: handoff.fromAgent,
          to: handoff.toAgent,
          state: handoff.state,
          expiresAt: handoff.expiresAt === undefined ? 0 : timestampMs(handoff.expiresAt),
        };
      case "parley.mesh.v1.HandoffAccepted":
      case "parley.mesh.v1.HandoffReturned":
      case "parley.mesh.v1.HandoffCompleted":
        return { ...state, state: handoff.state };
    }
  },
});

/** Names the n-th handoff of a task. */
export function handoffId(taskId: string, number: number): string {
  return `${taskId}#${number}`;
}

/** The task that a handoff is of. @throws MeshError INVALID_MESSAGE when it is no handoff's id */
export function taskOf(id: string): string {
  const [, task] = /^(.+)#\d+$/s.exec(id) ?? [];
  if (task === undefined) {
    throw new MeshError({ code: "INVALID_MESSAGE", message: `"${id}" is no handoff id; they read <task id>#<number>` });
  }
  return task;
}

/** The newest handoff of a task as a message. */
export function shownHandoff(taskId: string, task: TaskState, state = task.state): MessageShape<typeof HandoffSchema> {
  return create(HandoffSchema, {
    handoffId: handoffId(taskId, task.count),
    taskId,
    fromAgent: task.from,
    toAgent: task.to,
    state,
    expiresAt: timestampFromMs(task.expiresAt),
  });
}

/**
 * Checks that `id` is the newest handoff of its task.
 *
 * @throws MeshError NOT_FOUND when there is no such handoff, REFUSED when there is a newer one
 */
export function assertNewest(id: string, taskId: string, { count }: TaskState): void {
  if (id === handoffId(taskId, count)) return;
  const number = Number(id.slice(taskId.length + 1));
  if (number > count) throw new MeshError({ code: "NOT_FOUND", message: `there is no handoff "${id}"` });
  const newest = handoffId(taskId, count);
  throw new MeshError({ code: "REFUSED", message: `handoff "${id}" is over; "${newest}" is the newest of the task` });
}
