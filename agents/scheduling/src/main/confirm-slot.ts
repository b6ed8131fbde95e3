// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import { FailureReason as ReasonMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type {
  ConfirmSlotRequest,
  SchedulingAgentService,
} from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { Context, Implementation } from "@parley/mesh";
import { endOf, type Slot, slotOf } from "../domain/booking/slot.ts";
import { isExpired, type Negotiation, newNegotiation } from "../domain/negotiation/negotiation.ts";
import { appointmentOf, reasonOf } from "../messages/appointment-message.ts";
import { windowOf } from "../messages/instants.ts";
import { type Alternatives, failed } from "./alternatives.ts";
import { conversationOf, keepSelected, negotiationAt, settle } from "./negotiations.ts";
import { refuse } from "./refusal.ts";

type Methods = Pick<Implementation<typeof SchedulingAgentService>, "confirmSlot">;

/** From a chosen slot to an appointment, or to alternatives: steps 7 to 10 of a booking. */
export const confirmSlot =
  (alternatives: Alternatives): Methods["confirmSlot"] =>
  async (request, ctx) => {
    const slot = chosenSlot(request);
    if (slot === undefined) return failed("SLOT_UNKNOWN", []);
    const { userId, slotId } = request;
    const conversationId = conversationOf(ctx, request.conversationId);
    const negotiation = await negotiated(ctx, conversationId, userId);
    const party = partyOf(request, negotiation);
    const refusal = { userId, slot, conversationId, party };
    if (isExpired(negotiation, slotId, ctx.clock.now()))
      return refuse(ctx, { ...refusal, reason: "OFFER_EXPIRED" }, alternatives);

    await keepSelected(ctx, { conversationId, userId, slotId });
    const { result } = await ctx.client(ProviderAgentService).requestBooking(
      {
        ...{ userId, slotId, conversationId, ...party },
        idempotencyKey: bookingKey(userId, ctx.idempotencyKey),
      },
      { target: `pa_${slot.providerId}`, ...(conversationId === "" ? {} : { conversationId }) },
    );
    if (result.case !== "appointment") {
      const reason = reasonOf(result.value?.reason ?? ReasonMessage.UNSPECIFIED);
      return refuse(ctx, { ...refusal, reason }, alternatives);
    }
    const appointment = appointmentOf(result.value);
    // One that waits for the provider's word stays selected.
    if (conversationId !== "" && appointment.status === "CONFIRMED") {
      await ctx.commit({ negotiation: negotiationAt(conversationId, userId) }, (entries) => {
        settle(entries.negotiation, appointment);
        return null;
      });
    }
    return { result };
  };

/** The negotiation of a conversation; a new one where there is none. */
export async function negotiated(ctx: Context, conversationId: string, userId: string): Promise<Negotiation> {
  return conversationId === "" ? newNegotiation : ctx.load(negotiationAt(conversationId, userId));
}

/** The slot, when its id and the other fields of the request say the same. */
function chosenSlot(request: ConfirmSlotRequest): Slot | undefined {
  const slot = slotOf(request.slotId);
  const { start, end } = windowOf(request);
  const same =
    slot !== undefined && slot.providerId === request.providerId && slot.start === start && endOf(slot) === end;
  return same ? slot : undefined;
}

/** Who comes and what is wanted by name: as said now, else as in the request of the conversation. */
function partyOf({ participantIds, resourceIds }: ConfirmSlotRequest, negotiation: Negotiation) {
  return {
    participantIds: [...(participantIds.length > 0 ? participantIds : negotiation.participantIds)],
    resourceIds: [...(resourceIds.length > 0 ? resourceIds : negotiation.resourceIds)],
  };
}

/** One key for one booking of one user: keys that two users happen to share must not meet at the provider. */
function bookingKey(userId: string, idempotencyKey: string): string {
  return createHash("sha256")
    .update(JSON.stringify([userId, idempotencyKey]))
    .digest("base64url");
}
