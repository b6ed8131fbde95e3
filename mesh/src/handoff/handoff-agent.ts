// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  AgentHandoffSchema,
  type Handoff,
  HandoffAcceptedSchema,
  HandoffCompletedSchema,
  HandoffReturnedSchema,
  HandoffService,
  HandoffState,
  type OfferRequest,
  TaskContextSchema,
} from "@parley/contracts/parley/mesh/v1/handoff_pb.js";
import type { Context } from "../agent/context.ts";
import { type Agent, defineAgent } from "../agent/define-agent.ts";
import { serve } from "../agent/serve.ts";
import type { Entry } from "../journal/entry.ts";
import { MeshError } from "../mesh-error.ts";
import { assertNewest, handoffId, shownHandoff, type TaskEvent, type TaskState, taskOf, tasks } from "./tasks.ts";

/** Milliseconds within which an offer may be accepted of which nothing is said. */
const offerMs = 5 * 60_000;
/** Most bytes of a task's context: it travels in an event. */
const maxContextBytes = 256 * 1024;
/** Somebody has the task, or may still take it. */
const open: readonly HandoffState[] = [HandoffState.OFFERED, HandoffState.ACCEPTED];

/**
 * The agent `mesh.handoff`, which keeps who has which task: give it to one host or several. An offer, its announcement and the
 * command that ends it when nobody answers are one commit, so no task is lost between two agents.
 */
export function handoffAgent(): Agent {
  return defineAgent({
    name: "mesh.handoff",
    description: "Keeps which agent has which task while tasks are handed from one to another.",
    role: "SYSTEM",
    serves: [
      serve(HandoffService, {
        offer,
        accept: ({ handoffId: id }, ctx) =>
          change(ctx, id, { by: "to", into: HandoffState.ACCEPTED, from: [HandoffState.OFFERED] }, (task, handoff) =>
            task.append(HandoffAcceptedSchema, { handoff }),
          ),
        decline: ({ handoffId: id, reason }, ctx) =>
          change(ctx, id, { by: "to", into: HandoffState.DECLINED, from: open }, (task, handoff) =>
            task.append(HandoffReturnedSchema, { handoff, reason }),
          ),
        withdraw: ({ handoffId: id, reason }, ctx) =>
          change(ctx, id, { by: "from", into: HandoffState.WITHDRAWN, from: [HandoffState.OFFERED] }, (task, handoff) =>
            task.append(HandoffReturnedSchema, { handoff, reason }),
          ),
        complete: ({ handoffId: id, result }, ctx) =>
          change(ctx, id, { by: "to", into: HandoffState.COMPLETED, from: [HandoffState.ACCEPTED] }, (task, handoff) =>
            task.append(HandoffCompletedSchema, { handoff, ...(result === undefined ? {} : { result }) }),
          ),
        async getHandoff({ taskId }, ctx) {
          const task = await ctx.load(tasks.at(taskId));
          if (task.count > 0) return { handoff: shownHandoff(taskId, task) };
          throw new MeshError({ code: "NOT_FOUND", message: `task "${taskId}" was never handed over` });
        },
        async expire({ handoffId: id }, ctx) {
          const taskId = taskOf(id);
          await ctx.commit({ task: tasks.at(taskId) }, ({ task }) => {
            // Answered meanwhile, or even offered anew: then there is nothing to end.
            if (task.state.state !== HandoffState.OFFERED || id !== handoffId(taskId, task.state.count)) return;
            const handoff = shownHandoff(taskId, task.state, HandoffState.EXPIRED);
            task.append(HandoffReturnedSchema, { handoff, reason: "nobody answered in time" });
          });
          return {};
        },
      }),
    ],
  });
}

async function offer({ toAgent, task: context, expiresAt }: OfferRequest, ctx: Context) {
  const taskId = context?.taskId ?? "";
  const bytes = context === undefined ? 0 : toBinary(TaskContextSchema, context).byteLength;
  if (bytes > maxContextBytes) {
    const message = `the context of task "${taskId}" has ${bytes} bytes, more than ${maxContextBytes}; hand over large data by reference`;
    throw new MeshError({ code: "TOO_LARGE", message });
  }
  const now = ctx.clock.now();
  const until = expiresAt === undefined ? now + offerMs : timestampMs(expiresAt);
  if (until <= now) {
    const message = `the offer of task "${taskId}" would end at ${new Date(until).toISOString()}, which is over`;
    throw new MeshError({ code: "INVALID_MESSAGE", message });
  }
  const offered = await ctx.commit({ task: tasks.at(taskId) }, ({ task }, outbox) => {
    if (open.includes(task.state.state)) {
      const { handoffId: id, toAgent: holder, state } = shownHandoff(taskId, task.state);
      const message = `task "${taskId}" is handed over already: "${id}" to "${holder}" is ${HandoffState[state]}`;
      throw new MeshError({ code: "REFUSED", message });
    }
    const next: TaskState = {
      count: task.state.count + 1,
      from: ctx.header.sourceAgentId,
      to: toAgent,
      state: HandoffState.OFFERED,
      expiresAt: until,
    };
    const handoff = shownHandoff(taskId, next);
    task.append(AgentHandoffSchema, { handoff, ...(context === undefined ? {} : { task: context }) });
    const end = { at: new Date(until), key: taskId };
    outbox.dispatch(HandoffService.method.expire, { handoffId: handoff.handoffId }, end);
    return next;
  });
  return { handoff: shownHandoff(taskId, offered) };
}

/** A step of a handoff: which party takes it, from where, into what. */
interface Change {
  readonly by: "from" | "to";
  readonly from: readonly HandoffState[];
  readonly into: HandoffState;
}

/** Takes a step in one commit; one that was taken before is no mistake. */
async function change(
  ctx: Context,
  id: string,
  { by, from, into }: Change,
  announce: (task: Entry<TaskState, TaskEvent>, handoff: Handoff) => void,
): Promise<{ handoff: Handoff }> {
  const taskId = taskOf(id);
  const changed = await ctx.commit({ task: tasks.at(taskId) }, ({ task }) => {
    assertNewest(id, taskId, task.state);
    const party = task.state[by];
    const caller = ctx.header.sourceAgentId;
    if (caller !== party) {
      const message = `only "${party}" may make handoff "${id}" ${HandoffState[into]}, not "${caller}"`;
      throw new MeshError({ code: "PERMISSION_DENIED", message });
    }
    if (task.state.state === into) return task.state;
    if (!from.includes(task.state.state)) {
      const message = `handoff "${id}" is ${HandoffState[task.state.state]} and cannot become ${HandoffState[into]} any more`;
      throw new MeshError({ code: "REFUSED", message });
    }
    announce(task, shownHandoff(taskId, task.state, into));
    return task.state;
  });
  return { handoff: shownHandoff(taskId, changed) };
}
