// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineJournal } from "@parley/mesh";
import { emptyCalendar, evolve } from "../domain/booking/calendar.ts";
import { calendarEventOf, calendarEvents } from "../messages/calendar-event.ts";

/**
 * The calendars of all providers, by provider id. A booking or cancellation is one event, which is state and announcement
 * at once.
 */
export const calendars = defineJournal({
  name: "calendars",
  version: 2,
  events: calendarEvents,
  initial: () => emptyCalendar,
  evolve: (calendar, event) => evolve(calendar, calendarEventOf(event)),
});
