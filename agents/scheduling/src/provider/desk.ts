// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { FailureReason as ReasonMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AlternativesProposedSchema,
  AppointmentConfirmedSchema,
  BookingDeclinedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type { ProviderDeskService } from "@parley/contracts/parley/scheduling/v1/provider_desk_pb.js";
import type { Implementation } from "@parley/mesh";
import { freeAmong, freeNear } from "../domain/booking/alternatives.ts";
import { providerOf } from "../domain/booking/booking.ts";
import { decideAnswer } from "../domain/booking/lifecycle.ts";
import { notFound } from "../failure.ts";
import { appointmentMessage, offerMessage } from "../messages/appointment-message.ts";
import { milliseconds } from "../messages/instants.ts";
import { cancel } from "./bookings.ts";
import { calendars } from "./calendars.ts";
import { answerInWords, type Outcome, outcomeOf } from "./outcome.ts";
import { free } from "./resources.ts";
import { shown } from "./shown.ts";
import { withWhatItTakes } from "./what-it-takes.ts";

type Methods = Pick<
  Implementation<typeof ProviderDeskService>,
  "acceptBooking" | "rejectBooking" | "cancelBooking" | "proposeAlternatives"
>;

const unknown: Outcome = { kind: "refused", reason: "APPOINTMENT_UNKNOWN", version: 0 };

/** What providers say to bookings. */
export const desk: Methods = {
  async acceptBooking({ providerId, appointmentId }, ctx) {
    if (providerOf(appointmentId) !== providerId) return answerInWords(unknown);
    const now = ctx.clock.now();
    const outcome = await ctx.commit({ calendar: calendars.at(providerId) }, ({ calendar }) => {
      const decision = decideAnswer(calendar.state, appointmentId, { answer: "accepted", now });
      if (decision.kind === "happens")
        calendar.append(AppointmentConfirmedSchema, { appointment: appointmentMessage(decision.event.appointment) });
      return outcomeOf(decision, calendar.version);
    });
    await shown(ctx);
    return answerInWords(outcome);
  },

  async rejectBooking({ providerId, appointmentId, note, alternatives }, ctx) {
    if (providerOf(appointmentId) !== providerId) return answerInWords(unknown);
    const now = ctx.clock.now();
    const outcome = await withWhatItTakes(ctx, appointmentId, (calendar, rooms): Outcome => {
      const decision = decideAnswer(calendar.state, appointmentId, { answer: "rejected", now });
      if (decision.kind === "happens") {
        const { appointment } = decision.event;
        const offers = freeAmong(calendar.state, appointment, { starts: alternatives.map(milliseconds), now });
        calendar.append(BookingDeclinedSchema, {
          ...{ note, reason: ReasonMessage.PROVIDER_DECLINED },
          appointment: appointmentMessage(appointment),
          alternatives: offers.map(offerMessage),
        });
        free(rooms, appointment);
      }
      return outcomeOf(decision, calendar.version);
    });
    await shown(ctx);
    return answerInWords(outcome ?? unknown);
  },

  async cancelBooking({ providerId, appointmentId, note }, ctx) {
    if (providerOf(appointmentId) !== providerId) return answerInWords(unknown);
    return answerInWords(await cancel(ctx, { appointmentId, reason: note }));
  },

  async proposeAlternatives({ providerId, appointmentId, alternatives, note }, ctx) {
    const now = ctx.clock.now();
    const starts = alternatives.map(milliseconds);
    return ctx.commit({ calendar: calendars.at(providerId) }, ({ calendar }, outbox) => {
      const appointment = calendar.state.appointments.get(appointmentId);
      if (appointment?.status !== "CONFIRMED" || appointment.start <= now)
        throw notFound(`there is no appointment "${appointmentId}" to come with "${providerId}"`);
      const offers =
        starts.length > 0
          ? freeAmong(calendar.state, appointment, { starts, now })
          : freeNear(calendar.state, appointment, now);
      const messages = offers.map(offerMessage);
      if (offers.length > 0) {
        outbox.publish(AlternativesProposedSchema, {
          proposalId: `${appointmentId}.${calendar.version}.${now}`,
          ...{ appointment: appointmentMessage(appointment), offers: messages, note },
        });
      }
      return { offers: messages };
    });
  },
};
