// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { FailureReason as ReasonMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AppointmentCancelledSchema,
  AppointmentConfirmedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { type Appointment, appointmentsOf, type FailureReason } from "../domain/booking/appointment.ts";
import { type Decision, decideBooking, decideCancellation, providerOf } from "../domain/booking/booking.ts";
import { slotOf } from "../domain/booking/slot.ts";
import { notFound } from "../failure.ts";
import { appointmentMessage } from "../messages/appointment-message.ts";
import { calendars } from "./calendars.ts";
import { overview } from "./overview.ts";
import { shown } from "./shown.ts";

type Methods = Pick<
  Implementation<typeof ProviderAgentService>,
  "requestBooking" | "releaseBooking" | "getBooking" | "listBookings"
>;

const mostListed = 500;

/** What is booked. A booking is one commit of one event: the calendar, the announcement and the answer to a repeat. */
export const bookings: Methods = {
  async requestBooking({ userId, slotId, idempotencyKey, conversationId }, ctx) {
    const slot = slotOf(slotId);
    if (slot === undefined) return answer({ kind: "refused", reason: "SLOT_UNKNOWN", version: 0 });
    const request = { userId, slot, idempotencyKey, conversationId };
    const now = ctx.clock.now();
    const outcome = await ctx.commit({ calendar: calendars.at(slot.providerId) }, ({ calendar }) => {
      const decision = decideBooking(calendar.state, request, now);
      if (decision.kind === "happens")
        calendar.append(AppointmentConfirmedSchema, { appointment: appointmentMessage(decision.event.appointment) });
      return outcomeOf(decision, calendar.version);
    });
    await shown(ctx);
    return answer(outcome);
  },

  async releaseBooking({ userId, appointmentId, reason }, ctx) {
    const providerId = providerOf(appointmentId);
    if (providerId === undefined) return answer({ kind: "refused", reason: "APPOINTMENT_UNKNOWN", version: 0 });
    const now = ctx.clock.now();
    const outcome = await ctx.commit({ calendar: calendars.at(providerId) }, ({ calendar }) => {
      const decision = decideCancellation(calendar.state, { userId, appointmentId }, now);
      if (decision.kind === "happens") {
        const appointment = appointmentMessage(decision.event.appointment);
        calendar.append(AppointmentCancelledSchema, { appointment, reason });
      }
      return outcomeOf(decision, calendar.version);
    });
    await shown(ctx);
    return answer(outcome);
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
    const { appointments, ofUser } = ctx.view(overview);
    const theirs = [...(ofUser.get(userId) ?? [])].flatMap((id) => appointments.get(id) ?? []);
    const listed = appointmentsOf(theirs, { userId, includePast, now: ctx.clock.now() });
    return { appointments: listed.slice(0, mostListed).map(appointmentMessage) };
  },
};

/** What a calendar answers. Plain data: it is stored for repeats. */
type Outcome =
  | { readonly kind: "done"; readonly appointment: Appointment }
  | { readonly kind: "refused"; readonly reason: FailureReason; readonly version: number };

function outcomeOf(decision: Decision, version: number): Outcome {
  switch (decision.kind) {
    case "happens":
      return { kind: "done", appointment: decision.event.appointment };
    case "repeat":
      return { kind: "done", appointment: decision.appointment };
    case "refused":
      return { kind: "refused", reason: decision.reason, version };
  }
}

function answer(outcome: Outcome) {
  if (outcome.kind === "done")
    return { result: { case: "appointment" as const, value: appointmentMessage(outcome.appointment) } };
  const { reason, version } = outcome;
  return { result: { case: "refusal" as const, value: { reason: ReasonMessage[reason], version } } };
}
