// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { AlternativesProposedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { Context, Implementation } from "@parley/mesh";
import type { Appointment } from "../domain/booking/appointment.ts";
import type { Offer } from "../domain/booking/offer.ts";
import type { Conflict } from "../domain/booking/time-off.ts";
import { minuteMs } from "../domain/time/time-window.ts";
import { fanOut } from "../fan-out.ts";
import { appointmentMessage, appointmentOf, offerMessage, offerOf } from "../messages/appointment-message.ts";
import { present } from "../messages/present.ts";
import { conflictMessage, timeOffOf } from "../messages/time-off-message.ts";
import { alternativesTo } from "./alternatives.ts";

type Methods = Pick<Implementation<typeof SchedulingAgentService>, "updateUnavailability" | "offerAlternatives">;

/** What providers' changes mean to users: steps 3 to 5 of a change by a provider. */
export const unavailability: Methods = {
  async updateUnavailability({ timeOff, conflicts: inTheWay }, ctx) {
    const { providerId, timeOffId } = timeOffOf(present(timeOff));
    const appointments = inTheWay.map(appointmentOf);
    const outcomes = await fanOut(appointments, (appointment) => insteadOf(appointment, ctx));
    const conflicts = outcomes.map((outcome): Conflict => {
      const options = outcome.kind === "done" ? outcome.value : [];
      return { appointment: outcome.item, action: options.length > 0 ? "OPTIONS_SENT" : "NO_OPTIONS", options };
    });
    const { acknowledgement } = await ctx
      .client(ProviderAgentService)
      .acknowledgeUpdate(
        { providerId, timeOffId, conflicts: conflicts.map(conflictMessage) },
        { target: `pa_${providerId}` },
      );
    return acknowledgement === undefined ? {} : { acknowledgement };
  },

  async offerAlternatives({ appointment: message, note, preferred }, ctx) {
    const appointment = appointmentOf(present(message));
    const found = await insteadOf(appointment, ctx);
    const first = preferred.map(offerOf);
    const isNew = ({ slotId, start, providerId }: Offer) =>
      !first.some((other) => other.slotId === slotId || (other.start === start && other.providerId === providerId));
    const offers = [...first, ...found.filter(isNew)].map(offerMessage);
    if (offers.length > 0) {
      await ctx.publish(AlternativesProposedSchema, {
        proposalId: `${appointment.appointmentId}.instead`,
        appointment: appointmentMessage(appointment),
        ...{ offers, note },
      });
    }
    return { offers };
  },
};

function insteadOf(appointment: Appointment, ctx: Context): Promise<readonly Offer[]> {
  const { userId, providerId, serviceType, start, end, participantIds } = appointment;
  const durationMinutes = (end - start) / minuteMs;
  return alternativesTo({ userId, providerId, serviceType, start, durationMinutes, participantIds }, ctx);
}
