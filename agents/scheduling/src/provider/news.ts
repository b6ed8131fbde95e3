// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment as AppointmentMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AppointmentCancelledSchema,
  AppointmentChangedSchema,
  AppointmentConfirmedSchema,
  BookingDeclinedSchema,
  BookingRequestedSchema,
  UpdateAcknowledgedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Heard, Implementation } from "@parley/mesh";
import { notFound } from "../failure.ts";
import { appointmentOf } from "../messages/appointment-message.ts";
import { notificationMessage } from "../messages/notification-message.ts";
import { present } from "../messages/present.ts";
import { timeOffOf } from "../messages/time-off-message.ts";
import { newsroom, type Told } from "../newsroom.ts";
import { type News, type NewsKind, newsOf } from "../notification.ts";
import { textForProvider } from "../notification-text.ts";
import { calendars } from "./calendars.ts";

type Methods = Pick<Implementation<typeof ProviderAgentService>, "watchBookings">;

const { tells, watch } = newsroom("provider");

/** Keeps what providers are told of their bookings. */
export const hears: readonly Heard[] = [
  tells(AppointmentConfirmedSchema, "confirmed", ({ appointment }) => ofOne("APPOINTMENT_CONFIRMED", appointment)),
  tells(AppointmentCancelledSchema, "cancelled", ({ appointment, reason }) =>
    ofOne("APPOINTMENT_CANCELLED", appointment, reason === "" ? {} : { note: reason }),
  ),
  tells(AppointmentChangedSchema, "changed", ({ appointment, original: before }) => {
    const original = appointmentOf(present(before));
    const told = ofOne("APPOINTMENT_CHANGED", appointment, { original });
    return { ...told, readers: [...told.readers, original.providerId] };
  }),
  tells(BookingDeclinedSchema, "declined", ({ appointment }) => ofOne("APPOINTMENT_FAILED", appointment)),
  tells(BookingRequestedSchema, "requested", ({ appointment }) => ofOne("BOOKING_REQUESTED", appointment)),
  tells(UpdateAcknowledgedSchema, "acknowledged", ({ timeOff }) => {
    const { providerId, timeOffId, createdAt, acknowledgement } = timeOffOf(present(timeOff));
    const what = {
      notificationId: `${timeOffId}.acknowledged`,
      kind: "UPDATE_ACKNOWLEDGED",
      happenedAt: createdAt,
    } as const;
    return { readers: [providerId], news: { ...what, note: acknowledgement?.summary } };
  }),
];

/** What providers are told of their bookings. */
export const news: Methods = {
  async *watchBookings({ providerId, afterNotificationId }, ctx) {
    const { provider } = await ctx.load(calendars.at(providerId));
    if (provider === undefined) throw notFound(`there is no provider "${providerId}"; ListProviders lists all`);
    const { timeZone } = provider;
    for await (const one of watch(providerId, afterNotificationId, ctx)) {
      yield { notification: notificationMessage(one, textForProvider(one, { now: ctx.clock.now(), timeZone })) };
    }
  },
};

function ofOne(kind: NewsKind, message: AppointmentMessage | undefined, more: Partial<News> = {}): Told {
  const appointment = appointmentOf(present(message));
  return { readers: [appointment.providerId], news: newsOf(kind, appointment, more) };
}
