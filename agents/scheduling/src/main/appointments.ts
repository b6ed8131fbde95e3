// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { FailureReason as ReasonMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { providerOf } from "../domain/booking/booking.ts";
import { failureSentences } from "../domain/booking/offer.ts";
import { notFound } from "../failure.ts";
import { failureMessage, reasonOf } from "../messages/appointment-message.ts";

type Methods = Pick<
  Implementation<typeof SchedulingAgentService>,
  "cancelAppointment" | "getAppointment" | "listAppointments"
>;

/** What users can see of their appointments, and how they give one up. The calendars know; nothing is kept here. */
export const appointments: Methods = {
  async cancelAppointment({ userId, appointmentId, reason }, ctx) {
    const target = `pa_${providerOf(appointmentId) ?? "unknown"}`;
    const { result } = await ctx
      .client(ProviderAgentService)
      .releaseBooking({ userId, appointmentId, reason }, { target });
    if (result.case === "appointment") return { result };
    const refusal = result.value?.reason ?? ReasonMessage.UNSPECIFIED;
    const why = refusal === ReasonMessage.APPOINTMENT_IN_PAST ? reasonOf(refusal) : "APPOINTMENT_UNKNOWN";
    const failure = failureMessage({ reason: why, userMessage: failureSentences[why], alternatives: [] });
    return { result: { case: "failure" as const, value: failure } };
  },

  async getAppointment({ userId, appointmentId }, ctx) {
    const { appointment } = await ctx.client(ProviderAgentService).getBooking({ appointmentId });
    if (appointment?.userId !== userId) throw notFound(`there is no appointment "${appointmentId}"`);
    return { appointment };
  },

  async listAppointments({ userId, includePast }, ctx) {
    const { appointments } = await ctx.client(ProviderAgentService).listBookings({ userId, includePast });
    return { appointments };
  },
};
