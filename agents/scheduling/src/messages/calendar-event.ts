// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MessageShape } from "@bufbuild/protobuf";
import { BusyTimesReplacedSchema } from "@parley/contracts/parley/scheduling/v1/calendar_pb.js";
import {
  AppointmentCancelledSchema,
  AppointmentChangedSchema,
  AppointmentCompletedSchema,
  AppointmentConfirmedSchema,
  BookingDeclinedSchema,
  BookingRequestedSchema,
  ProviderAvailableSchema,
  ProviderUnavailableSchema,
  SlotHeldSchema,
  SlotReleasedSchema,
  UpdateAcknowledgedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import {
  AppointmentMovedAwaySchema,
  ProviderDescribedSchema,
} from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import type { CalendarEvent } from "../domain/booking/calendar.ts";
import { appointmentOf } from "./appointment-message.ts";
import { holdFrom } from "./hold-message.ts";
import { windowOf } from "./instants.ts";
import { present } from "./present.ts";
import { providerFrom } from "./provider-message.ts";
import { timeOffOf } from "./time-off-message.ts";

/** All that a provider's calendar is made of. */
export const calendarEvents = [
  ProviderDescribedSchema,
  BookingRequestedSchema,
  AppointmentConfirmedSchema,
  AppointmentCancelledSchema,
  AppointmentChangedSchema,
  AppointmentMovedAwaySchema,
  BookingDeclinedSchema,
  AppointmentCompletedSchema,
  SlotHeldSchema,
  SlotReleasedSchema,
  ProviderUnavailableSchema,
  ProviderAvailableSchema,
  UpdateAcknowledgedSchema,
  BusyTimesReplacedSchema,
] as const;

/** One of them. */
export type CalendarEventType = (typeof calendarEvents)[number];

/** The event of a calendar that a message says. */
export function calendarEventOf(message: MessageShape<CalendarEventType>): CalendarEvent {
  switch (message.$typeName) {
    case "parley.scheduling.v1.ProviderDescribed":
      return { kind: "provider-described", provider: providerFrom(present(message.provider)) };
    case "parley.scheduling.v1.BookingRequested":
      return { kind: "requested", appointment: appointmentOf(present(message.appointment)) };
    case "parley.scheduling.v1.AppointmentConfirmed":
      return { kind: "confirmed", appointment: appointmentOf(present(message.appointment)) };
    case "parley.scheduling.v1.AppointmentCancelled":
      return { kind: "cancelled", appointment: appointmentOf(present(message.appointment)) };
    case "parley.scheduling.v1.AppointmentChanged":
      return { kind: "changed", appointment: appointmentOf(present(message.appointment)) };
    case "parley.scheduling.v1.AppointmentMovedAway":
      return { kind: "moved-away", appointment: appointmentOf(present(message.appointment)) };
    case "parley.scheduling.v1.BookingDeclined":
      return { kind: "failed", appointment: appointmentOf(present(message.appointment)) };
    case "parley.scheduling.v1.AppointmentCompleted":
      return { kind: "completed", appointment: appointmentOf(present(message.appointment)) };
    case "parley.scheduling.v1.SlotHeld":
      return { kind: "held", hold: holdFrom(message) };
    case "parley.scheduling.v1.SlotReleased":
      return { kind: "released", holdId: message.holdId };
    case "parley.scheduling.v1.ProviderUnavailable":
      return { kind: "unavailable", timeOff: timeOffOf(present(message.timeOff)) };
    case "parley.scheduling.v1.ProviderAvailable":
      return { kind: "available", timeOffId: message.timeOffId };
    case "parley.scheduling.v1.UpdateAcknowledged":
      return { kind: "acknowledged", timeOff: timeOffOf(present(message.timeOff)) };
    case "parley.scheduling.v1.BusyTimesReplaced":
      return { kind: "busy-replaced", calendarId: message.calendarId, windows: message.windows.map(windowOf) };
  }
}
