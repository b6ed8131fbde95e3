// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment as AppointmentMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AppointmentCancelledSchema,
  AppointmentChangedSchema,
  AppointmentCompletedSchema,
  AppointmentConfirmedSchema,
  BookingDeclinedSchema,
  ProviderAvailableSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { type Heard, type Outbox, on, onCommit } from "@parley/mesh";
import type { Appointment } from "../domain/booking/appointment.ts";
import { appointmentMessage, appointmentOf, reasonOf } from "../messages/appointment-message.ts";
import { timeFields } from "../messages/instants.ts";
import { present } from "../messages/present.ts";
import { type NegotiationEntry, negotiationAt, settle } from "./negotiations.ts";

const { offerAlternatives, suggestOpening } = SchedulingAgentService.method;

/** What the scheduling agent makes of what happens to appointments: negotiations end, and time that is free again is of use. */
export const hears: readonly Heard[] = [
  onCommit(
    AppointmentConfirmedSchema,
    { name: "settle-confirmed", keys: ({ appointment }) => of(appointment) },
    settled,
  ),
  onCommit(
    AppointmentCompletedSchema,
    { name: "settle-completed", keys: ({ appointment }) => of(appointment) },
    settled,
  ),
  onCommit(
    AppointmentCancelledSchema,
    { name: "settle-cancelled", keys: ({ appointment }) => of(appointment) },
    (event, entries, outbox) => {
      settled(event, entries);
      const appointment = appointmentOf(present(event.appointment));
      if (appointment.status === "CANCELLED_BY_PROVIDER") offerOther(outbox, appointment);
      else openAgain(outbox, appointment);
    },
  ),
  onCommit(
    AppointmentChangedSchema,
    { name: "settle-changed", keys: ({ appointment }) => of(appointment) },
    (event, entries, outbox) => {
      settled(event, entries);
      const [now, before] = [appointmentOf(present(event.appointment)), appointmentOf(present(event.original))];
      const isMoved = now.start !== before.start || now.providerId !== before.providerId;
      if (now.status === "CONFIRMED" && isMoved) openAgain(outbox, before);
    },
  ),
  onCommit(
    BookingDeclinedSchema,
    { name: "settle-declined", keys: ({ appointment }) => of(appointment) },
    ({ appointment: message, reason, note, alternatives }, { negotiation }, outbox) => {
      const appointment = appointmentOf(present(message));
      if (negotiation !== undefined) settle(negotiation, appointment, reasonOf(reason));
      outbox.dispatch(offerAlternatives, {
        appointment: appointmentMessage(appointment),
        note,
        preferred: alternatives,
      });
    },
  ),
  on(ProviderAvailableSchema, { name: "suggest-opening" }, async ({ providerId, windows }, ctx) => {
    await ctx.dispatch(suggestOpening, { providerId, windows });
  }),
];

/** The negotiation that led to an appointment, if there was one. */
function of(message: AppointmentMessage | undefined): { negotiation?: ReturnType<typeof negotiationAt> } {
  const { conversationId = "", userId = "" } = message ?? {};
  return conversationId === "" ? {} : { negotiation: negotiationAt(conversationId, userId) };
}

function settled(
  { appointment }: { readonly appointment?: AppointmentMessage | undefined },
  { negotiation }: { readonly negotiation?: NegotiationEntry | undefined },
): void {
  if (negotiation !== undefined) settle(negotiation, appointmentOf(present(appointment)));
}

function offerOther(outbox: Outbox, appointment: Appointment): void {
  outbox.dispatch(offerAlternatives, { appointment: appointmentMessage(appointment) });
}

function openAgain(outbox: Outbox, appointment: Appointment): void {
  const { providerId, userId: exceptUserId } = appointment;
  outbox.dispatch(suggestOpening, { providerId, windows: [timeFields(appointment)], exceptUserId });
}
