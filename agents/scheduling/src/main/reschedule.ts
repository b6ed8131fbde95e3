// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { FailureReason as ReasonMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { slotOf } from "../domain/booking/slot.ts";
import { isExpired } from "../domain/negotiation/negotiation.ts";
import { appointmentOf, reasonOf } from "../messages/appointment-message.ts";
import { type Alternatives, failed } from "./alternatives.ts";
import { negotiated } from "./confirm-slot.ts";
import { conversationOf, keepSelected, negotiationAt, settle } from "./negotiations.ts";
import { refuse } from "./refusal.ts";

type Methods = Pick<Implementation<typeof SchedulingAgentService>, "rescheduleAppointment">;

/** Moves an appointment to a slot: the calendars do it in one commit, or it stands as before. */
export const rescheduleAppointment =
  (alternatives: Alternatives): Methods["rescheduleAppointment"] =>
  async (request, ctx) => {
    const { userId, appointmentId, slotId } = request;
    const slot = slotOf(slotId);
    if (slot === undefined) return failed("SLOT_UNKNOWN", []);
    const conversationId = conversationOf(ctx, request.conversationId);
    const negotiation = await negotiated(ctx, conversationId, userId);
    const refusal = { userId, slot, conversationId, party: { movedId: appointmentId } };
    if (isExpired(negotiation, slotId, ctx.clock.now()))
      return refuse(ctx, { ...refusal, reason: "OFFER_EXPIRED" }, alternatives);
    await keepSelected(ctx, { conversationId, userId, slotId });
    const { result } = await ctx
      .client(ProviderAgentService)
      .moveBooking({ userId, appointmentId, slotId }, { target: `pa_${slot.providerId}` });
    if (result.case !== "appointment")
      return refuse(
        ctx,
        { ...refusal, reason: reasonOf(result.value?.reason ?? ReasonMessage.UNSPECIFIED) },
        alternatives,
      );
    const appointment = appointmentOf(result.value);
    if (conversationId !== "") {
      await ctx.commit({ negotiation: negotiationAt(conversationId, userId) }, (entries) => {
        settle(entries.negotiation, appointment);
        return null;
      });
    }
    return { result };
  };
