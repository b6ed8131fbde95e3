// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  AppointmentCancelledSchema,
  AppointmentConfirmedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderDescribedSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { defineJournal } from "@parley/mesh";
import { emptyCalendar, evolve } from "../domain/booking/calendar.ts";
import { calendarEventOf } from "../messages/calendar-event.ts";

/**
 * The calendars of all providers, by provider id. A booking or cancellation is one event, which is state and announcement
 * at once.
 */
export const calendars = defineJournal({
  name: "calendars",
  version: 1,
  events: [ProviderDescribedSchema, AppointmentConfirmedSchema, AppointmentCancelledSchema],
  initial: () => emptyCalendar,
  evolve: (calendar, event) => evolve(calendar, calendarEventOf(event)),
});
