// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment as AppointmentMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { FailureReason as ReasonMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AppointmentChangedSchema,
  AppointmentCompletedSchema,
  AppointmentConfirmedSchema,
  BookingDeclinedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { type Heard, type Implementation, type Outbox, onCommit } from "@parley/mesh";
import type { Decision } from "../domain/booking/booking.ts";
import { providerOf } from "../domain/booking/booking.ts";
import { decideAnswer, decideCompletion } from "../domain/booking/lifecycle.ts";
import { appointmentMessage, appointmentOf } from "../messages/appointment-message.ts";
import { present } from "../messages/present.ts";
import { calendars } from "./calendars.ts";
import { free } from "./resources.ts";
import { withWhatItTakes } from "./what-it-takes.ts";

type Methods = Pick<Implementation<typeof ProviderAgentService>, "completeBooking" | "expireBooking">;

/** What time does to appointments. Run by durable commands that are due then. */
export const endings: Methods = {
  async completeBooking({ appointmentId }, ctx) {
    const providerId = providerOf(appointmentId);
    if (providerId === undefined) return {};
    const now = ctx.clock.now();
    return ctx.commit({ calendar: calendars.at(providerId) }, ({ calendar }) => {
      const decision = decideCompletion(calendar.state, appointmentId, now);
      if (decision.kind === "happens")
        calendar.append(AppointmentCompletedSchema, { appointment: appointmentMessage(decision.event.appointment) });
      return shownAs(decision);
    });
  },

  async expireBooking({ appointmentId }, ctx) {
    const now = ctx.clock.now();
    const outcome = await withWhatItTakes(ctx, appointmentId, (calendar, rooms) => {
      const decision = decideAnswer(calendar.state, appointmentId, { answer: "silent", now });
      if (decision.kind === "happens") {
        const { appointment } = decision.event;
        calendar.append(BookingDeclinedSchema, {
          reason: ReasonMessage.PROVIDER_SILENT,
          appointment: appointmentMessage(appointment),
        });
        free(rooms, appointment);
      }
      return shownAs(decision);
    });
    return outcome ?? {};
  },
};

/**
 * Sees to it that each appointment is completed at its end. Not part of the booking, which is one message so, and quick; what is
 * confirmed is heard, and so the command is stored, whatever happens.
 */
export const completions: readonly Heard[] = [
  onCommit(AppointmentConfirmedSchema, { name: "complete-confirmed", from: "retained", keys: () => ({}) }, complete),
  onCommit(AppointmentChangedSchema, { name: "complete-changed", from: "retained", keys: () => ({}) }, complete),
];

function complete(
  { appointment }: { readonly appointment?: AppointmentMessage | undefined },
  _: object,
  outbox: Outbox,
): void {
  const { appointmentId, status, end } = appointmentOf(present(appointment));
  if (status !== "CONFIRMED" || providerOf(appointmentId) === undefined) return;
  outbox.dispatch(ProviderAgentService.method.completeBooking, { appointmentId }, { at: new Date(end) });
}

function shownAs(decision: Decision): { appointment?: AppointmentMessage } {
  if (decision.kind === "refused") return {};
  const appointment = decision.kind === "happens" ? decision.event.appointment : decision.appointment;
  return { appointment: appointmentMessage(appointment) };
}
