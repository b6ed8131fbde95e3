// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { FailureReason } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { AppointmentConfirmedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import {
  type ConfirmSlotResponse,
  SchedulingAgentService,
} from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { AgentName, Placed } from "../programs/scheduling-placement.ts";

/** How many want the slot, and what goes wrong meanwhile. */
export interface Contention {
  readonly clients: number;
  /** Ended when a tenth of all have their answer, and started again; unset: nothing goes wrong. */
  readonly kill?: AgentName | undefined;
}

/** What came of it. */
export interface Contended {
  /** Ids of appointments that somebody was given; must be one. */
  readonly winners: readonly string[];
  /** Others by the reason that they were given. */
  readonly refused: ReadonlyMap<string, number>;
  /** Others who were offered nothing else. */
  readonly withoutAlternatives: number;
  /** Calls that brought no answer and were repeated. */
  readonly repeated: number;
  /** Who got another answer when they asked again with the same key. */
  readonly changed: number;
  /** Appointments of the slot that were announced. */
  readonly announced: number;
  /** Of the first call of each up to their answer, in milliseconds, sorted. */
  readonly tookMs: readonly number[];
}

/** So many clients want one slot at once, each over the gateway; whoever gets no answer repeats with their key until they do. */
export async function contend(placed: Placed, { clients, kill }: Contention): Promise<Contended> {
  const scheduling = placed.client(SchedulingAgentService, randomBytes(16).toString("hex"));
  const { offers } = await scheduling.requestAppointment({ userId: "nobody", serviceType: "doctor" });
  const offer = offers[0];
  if (offer?.startTime === undefined || offer.endTime === undefined) throw new Error("nothing was offered");
  const { slotId, providerId, startTime, endTime } = offer;
  const people = Array.from({ length: clients }, (_, index) => `contender-${index}`);
  const answers = new Map<string, ConfirmSlotResponse>();
  let repeated = 0;
  let ended: Promise<void> | undefined;
  const endAndStart = async (agent: AgentName) => {
    await placed.kill(agent);
    await placed.restart(agent);
  };
  const ask = async (userId: string): Promise<number> => {
    const began = performance.now();
    for (;;) {
      try {
        const idempotencyKey = `${userId} wants it`;
        const answer = await scheduling.confirmSlot({ userId, slotId, providerId, startTime, endTime, idempotencyKey });
        answers.set(userId, answer);
        if (kill !== undefined && answers.size >= clients / 10) ended ??= endAndStart(kill);
        return performance.now() - began;
      } catch (error) {
        if (!mayPass(error)) throw error;
        repeated++;
        await wait(100 + Math.random() * 400);
      }
    }
  };
  const tookMs = await Promise.all(people.map(ask));
  await ended;
  // Everybody asks again, some of them at least: the answer must be the same.
  const before = new Map(answers);
  const again = people.slice(0, 50);
  await Promise.all(again.map(ask));
  const changed = again.filter((userId) => idOf(before.get(userId)) !== idOf(answers.get(userId))).length;
  const winners = [...new Set([...before.values()].flatMap((answer) => idOf(answer) ?? []))];
  const refused = new Map<string, number>();
  let withoutAlternatives = 0;
  for (const { result } of before.values()) {
    if (result.case !== "failure") continue;
    const { reason, alternatives } = result.value;
    refused.set(FailureReason[reason], (refused.get(FailureReason[reason]) ?? 0) + 1);
    if (alternatives.length === 0) withoutAlternatives++;
  }
  const confirmed = placed.events.of(AppointmentConfirmedSchema);
  const announced = confirmed.filter(({ appointment }) => appointment?.slotId === slotId).length;
  return { winners, refused, withoutAlternatives, repeated, changed, announced, tookMs: tookMs.sort((a, b) => a - b) };
}

function idOf(answer: ConfirmSlotResponse | undefined): string | undefined {
  return answer?.result.case === "appointment" ? answer.result.value.appointmentId : undefined;
}

/** Whether somebody was away, busy or slow: the same call may bring an answer in a moment. */
function mayPass(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return [
    Code.Unavailable,
    Code.DeadlineExceeded,
    Code.ResourceExhausted,
    Code.Aborted,
    Code.Canceled,
    Code.Internal,
    Code.Unknown,
  ].includes(code);
}
