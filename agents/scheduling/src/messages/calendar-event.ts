// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { AppointmentCancelled, AppointmentConfirmed } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type { ProviderDescribed } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import type { CalendarEvent } from "../domain/booking/calendar.ts";
import { appointmentOf } from "./appointment-message.ts";
import { present } from "./present.ts";
import { providerFrom } from "./provider-message.ts";

/** The event of a calendar that a message says. */
export function calendarEventOf(
  message: ProviderDescribed | AppointmentConfirmed | AppointmentCancelled,
): CalendarEvent {
  switch (message.$typeName) {
    case "parley.scheduling.v1.ProviderDescribed":
      return { kind: "provider-described", provider: providerFrom(present(message.provider)) };
    case "parley.scheduling.v1.AppointmentConfirmed":
      return { kind: "confirmed", appointment: appointmentOf(present(message.appointment)) };
    case "parley.scheduling.v1.AppointmentCancelled":
      return { kind: "cancelled", appointment: appointmentOf(present(message.appointment)) };
  }
}
