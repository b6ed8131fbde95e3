// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { JsonObject } from "@bufbuild/protobuf";
import {
  AgentHandoffSchema,
  type Handoff,
  HandoffService,
  type TaskContext,
} from "@parley/contracts/parley/mesh/v1/handoff_pb.js";
import type { Context } from "../agent/context.ts";
import { type Heard, type HearerOptions, on } from "../agent/on.ts";
import { MeshError } from "../mesh-error.ts";

/** A task that is offered to this agent, and what it can do about it. */
export interface OfferedTask {
  readonly handoff: Handoff;
  readonly task: TaskContext;
  /** Takes it; false when the offer is over: expired, withdrawn, or declined before. */
  accept(): Promise<boolean>;
  /** Does not take it, or gives it back. */
  decline(reason: string): Promise<void>;
  /** Tells that it is done. */
  complete(result?: JsonObject): Promise<void>;
}

/**
 * Hears what is offered to one agent; offers to others pass by. The hearer accepts or declines, and may do the work and
 * complete it at once. It is heard at least once: accepting and completing again are no mistakes, the work in between must
 * bear repetition. When it fails for good the offer ends by itself in time, and the task is with the first agent again.
 *
 * @param agent name of the agent that this hearer is given to
 */
export function onHandoff(
  agent: string,
  hearer: HearerOptions,
  take: (offered: OfferedTask, ctx: Context) => Promise<void>,
): Heard {
  return on(AgentHandoffSchema, hearer, async ({ handoff, task }, ctx) => {
    if (handoff === undefined || task === undefined || handoff.toAgent !== agent) return;
    const { handoffId } = handoff;
    const desk = ctx.client(HandoffService);
    await take(
      {
        handoff,
        task,
        async accept() {
          try {
            await desk.accept({ handoffId });
            return true;
          } catch (error) {
            if (error instanceof MeshError && error.code === "REFUSED") return false;
            throw error;
          }
        },
        decline: async (reason) => void (await desk.decline({ handoffId, reason })),
        complete: async (result) => void (await desk.complete({ handoffId, ...(result && { result }) })),
      },
      ctx,
    );
  });
}
