// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment as AppointmentMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AlternativesProposedSchema,
  AppointmentCancelledSchema,
  AppointmentChangedSchema,
  AppointmentConfirmedSchema,
  BookingDeclinedSchema,
  SuggestionProposedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import type { Heard, Implementation } from "@parley/mesh";
import { personsOf } from "../domain/booking/appointment.ts";
import { requiredZone } from "../failure.ts";
import { appointmentOf, offerOf } from "../messages/appointment-message.ts";
import { milliseconds } from "../messages/instants.ts";
import { notificationMessage } from "../messages/notification-message.ts";
import { present } from "../messages/present.ts";
import { newsroom, type Told } from "../newsroom.ts";
import { type News, type NewsKind, newsOf } from "../notification.ts";
import { textForUser } from "../notification-text.ts";

type Methods = Pick<Implementation<typeof UserAgentService>, "watchNotifications">;

const { tells, watch } = newsroom("user");

/** Keeps what users are told of their appointments. */
export const hears: readonly Heard[] = [
  tells(AppointmentConfirmedSchema, "confirmed", ({ appointment }) => ofAll("APPOINTMENT_CONFIRMED", appointment)),
  tells(AppointmentCancelledSchema, "cancelled", ({ appointment, reason }) => {
    const told = ofAll("APPOINTMENT_CANCELLED", appointment);
    const theirs = told.news.appointment?.status === "CANCELLED_BY_USER" || reason === "";
    return theirs ? told : { ...told, news: { ...told.news, note: reason } };
  }),
  tells(AppointmentChangedSchema, "changed", ({ appointment, original: before, options }) => {
    const original = appointmentOf(present(before));
    const offers = options.length === 0 ? {} : { offers: options.map(offerOf) };
    const { news } = ofAll("APPOINTMENT_CHANGED", appointment, { original, ...offers });
    return { readers: personsOf(original), news };
  }),
  tells(BookingDeclinedSchema, "declined", ({ appointment, note, alternatives }) => {
    const offers = alternatives.length === 0 ? {} : { offers: alternatives.map(offerOf) };
    return ofAll("APPOINTMENT_FAILED", appointment, { ...offers, ...(note === "" ? {} : { note }) });
  }),
  tells(AlternativesProposedSchema, "alternatives", ({ proposalId, appointment, offers, note }) =>
    ofAll("ALTERNATIVES_PROPOSED", appointment, {
      notificationId: proposalId,
      offers: offers.map(offerOf),
      ...(note === "" ? {} : { note }),
    }),
  ),
  tells(SuggestionProposedSchema, "suggestion", ({ suggestionId, userId, offer, time }) => ({
    readers: [userId],
    news: {
      ...{ notificationId: suggestionId, suggestionId, kind: "SUGGESTION", happenedAt: milliseconds(time) },
      offers: [offerOf(present(offer))],
    },
  })),
];

/** What users are told of their appointments. */
export const news: Methods = {
  async *watchNotifications({ userId, afterNotificationId, timeZone: asked }, ctx) {
    const timeZone = requiredZone("time_zone", asked);
    for await (const one of watch(userId, afterNotificationId, ctx)) {
      yield { notification: notificationMessage(one, textForUser(one, { now: ctx.clock.now(), timeZone })) };
    }
  },
};

function ofAll(kind: NewsKind, message: AppointmentMessage | undefined, more: Partial<News> = {}): Told {
  const appointment = appointmentOf(present(message));
  return { readers: personsOf(appointment), news: newsOf(kind, appointment, more) };
}
