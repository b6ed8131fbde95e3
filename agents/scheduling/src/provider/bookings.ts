// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  AppointmentCancelledSchema,
  AppointmentChangedSchema,
  AppointmentConfirmedSchema,
  BookingRequestedSchema,
  ChangeReason,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Context, Implementation } from "@parley/mesh";
import { appointmentsOf } from "../domain/booking/appointment.ts";
import { decideBooking, providerOf } from "../domain/booking/booking.ts";
import { emptyCalendar } from "../domain/booking/calendar.ts";
import { decideCancellation } from "../domain/booking/lifecycle.ts";
import { offeringOf } from "../domain/booking/provider.ts";
import { resourcesFor } from "../domain/booking/resource.ts";
import { endOf, slotOf } from "../domain/booking/slot.ts";
import { notFound } from "../failure.ts";
import { appointmentMessage } from "../messages/appointment-message.ts";
import { calendars } from "./calendars.ts";
import { answer, type Outcome, outcomeOf } from "./outcome.ts";
import { appointmentsWith, overview } from "./overview.ts";
import { busyParticipants, candidatesFor, isAnybodyBusy, requirementsOf } from "./requirements.ts";
import { free, keysOf, reserve, statesOf } from "./resources.ts";
import { shown } from "./shown.ts";
import { withWhatItTakes } from "./what-it-takes.ts";

type Methods = Pick<
  Implementation<typeof ProviderAgentService>,
  "requestBooking" | "releaseBooking" | "getBooking" | "listBookings"
>;

const mostListed = 500;

/**
 * What is booked. A booking is one commit: the calendar, rooms and equipment, the announcement and the answer to a repeat;
 * where it needs no room, of one event.
 */
export const bookings: Methods = {
  async requestBooking({ idempotencyKey, conversationId, ...request }, ctx) {
    const { userId, slotId, participantIds } = request;
    const slot = slotOf(slotId);
    if (slot === undefined) return answer({ kind: "refused", reason: "SLOT_UNKNOWN", version: 0 });
    const { providerId } = slot;
    const time = { start: slot.start, end: endOf(slot) };
    const provider = ctx.view(overview).providers.get(providerId);
    const wanted = requirementsOf(ctx, provider && offeringOf(provider, slot.serviceType), { ...request, providerId });
    if (isAnybodyBusy(busyParticipants(ctx, participantIds), time))
      return answer({ kind: "refused", reason: "PARTICIPANT_BUSY", version: 0 });
    const now = ctx.clock.now();
    // Of many who want one time most can be told without a commit of their own: what is taken here was taken before.
    const known = ctx.view(overview).calendars.get(providerId) ?? emptyCalendar;
    const seen = decideBooking(known, { userId, slot, idempotencyKey, conversationId, participantIds }, now);
    if (seen.kind === "refused" && seen.reason === "SLOT_TAKEN")
      return answer({ kind: "refused", reason: seen.reason, version: known.version });
    const candidates = candidatesFor(ctx, wanted);
    const needsNothing = wanted.needs.length === 0 && candidates.length === 0;
    const keys = { calendar: calendars.at(providerId), ...keysOf(candidates) };
    const outcome = await ctx.commit(keys, ({ calendar, ...rooms }, outbox): Outcome => {
      const resourceIds = needsNothing ? [] : resourcesFor(statesOf(rooms, candidates), wanted, time);
      const decision = decideBooking(
        calendar.state,
        { userId, slot, idempotencyKey, conversationId, participantIds, resourceIds },
        now,
      );
      if (decision.kind === "happens") {
        if (resourceIds === undefined) return { kind: "refused", reason: "RESOURCE_TAKEN", version: calendar.version };
        const appointment = appointmentMessage(decision.event.appointment);
        const { answerBy, appointmentId } = decision.event.appointment;
        if (answerBy === undefined) calendar.append(AppointmentConfirmedSchema, { appointment });
        else {
          calendar.append(BookingRequestedSchema, { appointment });
          outbox.dispatch(ProviderAgentService.method.expireBooking, { appointmentId }, { at: new Date(answerBy) });
        }
        reserve(rooms, { appointmentId, resourceIds }, time);
      }
      return outcomeOf(decision, calendar.version);
    });
    await shown(ctx);
    return answer(outcome);
  },

  async releaseBooking({ userId, appointmentId, reason }, ctx) {
    return answer(await cancel(ctx, { appointmentId, userId, reason }));
  },

  async getBooking({ appointmentId }, ctx) {
    const providerId = providerOf(appointmentId);
    const calendar = providerId === undefined ? undefined : await ctx.load(calendars.at(providerId));
    // The calendar knows it at once, the overview for ever.
    const appointment = calendar?.appointments.get(appointmentId) ?? ctx.view(overview).appointments.get(appointmentId);
    if (appointment === undefined) throw notFound(`there is no appointment "${appointmentId}"`);
    return { appointment: appointmentMessage(appointment) };
  },

  listBookings({ userId, includePast }, ctx) {
    const theirs = appointmentsWith(ctx.view(overview), userId);
    const listed = appointmentsOf(theirs, { userId, includePast, now: ctx.clock.now() });
    return { appointments: listed.slice(0, mostListed).map(appointmentMessage) };
  },
};

/** Cancels an appointment for its user, or, where none is named, for its provider. */
export async function cancel(
  ctx: Context,
  said: { readonly appointmentId: string; readonly userId?: string; readonly reason: string },
): Promise<Outcome> {
  const { appointmentId, reason } = said;
  const now = ctx.clock.now();
  const outcome = await withWhatItTakes(ctx, appointmentId, (calendar, rooms) => {
    const original = calendar.state.appointments.get(appointmentId);
    const decision = decideCancellation(calendar.state, said, now);
    if (decision.kind === "happens") {
      const appointment = appointmentMessage(decision.event.appointment);
      if (decision.event.kind === "cancelled") {
        calendar.append(AppointmentCancelledSchema, { appointment, reason });
        free(rooms, decision.event.appointment);
      } else if (original !== undefined) {
        const before = appointmentMessage(original);
        calendar.append(AppointmentChangedSchema, {
          appointment,
          original: before,
          reason: ChangeReason.PARTICIPANT_LEFT,
        });
      }
    }
    return outcomeOf(decision, calendar.version);
  });
  await shown(ctx);
  return outcome ?? { kind: "refused", reason: "APPOINTMENT_UNKNOWN", version: 0 };
}
