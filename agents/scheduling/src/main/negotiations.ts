// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  FailureReason as ReasonMessage,
  AppointmentStatus as StatusMessage,
} from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import type { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { NegotiationSettledSchema, SlotSelectedSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { type Context, defineJournal, type Entries, type Implementation } from "@parley/mesh";
import type { Appointment, FailureReason } from "../domain/booking/appointment.ts";
import { concerns, evolveNegotiation, newNegotiation, stageOf } from "../domain/negotiation/negotiation.ts";
import { notFound } from "../failure.ts";
import { negotiationEventOf, negotiationEvents, negotiationMessage } from "../messages/negotiation-message.ts";

/** How far requests have come, by conversation and user; by request where there is no conversation. */
export const negotiations = defineJournal({
  name: "negotiations",
  version: 1,
  events: negotiationEvents,
  initial: () => newNegotiation,
  evolve: (negotiation, event) => evolveNegotiation(negotiation, negotiationEventOf(event)),
});

/** One negotiation within a commit. */
export type NegotiationEntry = Entries<{ negotiation: ReturnType<typeof negotiations.at> }>["negotiation"];

/** The negotiation of a user in a conversation. Ids of conversations are chosen by users, so two may choose the same. */
export function negotiationAt(conversationId: string, userId: string): ReturnType<typeof negotiations.at> {
  const parts = JSON.stringify([conversationId, userId]);
  return negotiations.at(`n-${createHash("sha256").update(parts).digest("base64url").slice(0, 22)}`);
}

/** The conversation that a request belongs to; empty: none. */
export function conversationOf(ctx: Pick<Context, "header">, conversationId: string): string {
  return conversationId || (ctx.header.conversationId ?? "");
}

/** Writes down that a slot was chosen. Without a conversation there is nothing to write. */
export async function keepSelected(
  ctx: Pick<Context, "commit" | "clock">,
  chosen: { readonly conversationId: string; readonly userId: string; readonly slotId: string },
): Promise<void> {
  const { conversationId, userId, slotId } = chosen;
  if (conversationId === "") return;
  const time = timestampFromMs(ctx.clock.now());
  await ctx.commit({ negotiation: negotiationAt(conversationId, userId) }, ({ negotiation }) => {
    const again = stageOf(negotiation.state) === "SELECTED" && negotiation.state.slotId === slotId;
    if (!again) negotiation.append(SlotSelectedSchema, { slotId, time });
    return null;
  });
}

/** Writes down how an appointment stands, in the negotiation that led to it. Said again it changes nothing. */
export function settle(negotiation: NegotiationEntry, appointment: Appointment, reason?: FailureReason): void {
  if (!concerns(negotiation.state, appointment)) return;
  const { appointmentId, status, updatedAt } = appointment;
  negotiation.append(NegotiationSettledSchema, {
    stage: StatusMessage[status],
    appointmentId,
    time: timestampFromMs(updatedAt),
    reason: ReasonMessage[reason ?? "UNSPECIFIED"],
  });
}

type Methods = Pick<Implementation<typeof SchedulingAgentService>, "getNegotiation">;

/** How far a request has come, for its user. */
export const lookedAt: Methods = {
  async getNegotiation({ userId, conversationId }, ctx) {
    const negotiation = await ctx.load(negotiationAt(conversationId, userId));
    if (stageOf(negotiation) === undefined)
      throw notFound(`this user has asked for nothing in conversation "${conversationId}"`);
    return { negotiation: negotiationMessage(negotiation, { conversationId, userId }) };
  },
};
