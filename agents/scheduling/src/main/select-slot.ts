// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { FailureReason as ReasonMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { slotOf } from "../domain/booking/slot.ts";
import { isExpired } from "../domain/negotiation/negotiation.ts";
import { reasonOf } from "../messages/appointment-message.ts";
import { type Alternatives, failed } from "./alternatives.ts";
import { negotiated } from "./confirm-slot.ts";
import { conversationOf, keepSelected } from "./negotiations.ts";
import { refuse } from "./refusal.ts";

type Methods = Pick<Implementation<typeof SchedulingAgentService>, "selectSlot">;

/** Keeps a slot for somebody who is about to confirm it. */
export const selectSlot =
  (alternatives: Alternatives): Methods["selectSlot"] =>
  async (request, ctx) => {
    const { userId, slotId } = request;
    const slot = slotOf(slotId);
    if (slot === undefined) return failed("SLOT_UNKNOWN", []);
    const conversationId = conversationOf(ctx, request.conversationId);
    const negotiation = await negotiated(ctx, conversationId, userId);
    const { participantIds, resourceIds } = negotiation;
    const refusal = { userId, slot, conversationId, party: { participantIds, resourceIds } };
    if (isExpired(negotiation, slotId, ctx.clock.now()))
      return refuse(ctx, { ...refusal, reason: "OFFER_EXPIRED" }, alternatives);
    const { untilTime, refusal: said } = await ctx
      .client(ProviderAgentService)
      .holdSlot({ userId, slotId }, { target: `pa_${slot.providerId}` });
    if (untilTime === undefined)
      return refuse(ctx, { ...refusal, reason: reasonOf(said?.reason ?? ReasonMessage.UNSPECIFIED) }, alternatives);
    await keepSelected(ctx, { conversationId, userId, slotId });
    return { result: { case: "untilTime" as const, value: untilTime } };
  };
