// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { FailureReason as ReasonMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AppointmentCancelledSchema,
  AppointmentConfirmedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Context, Implementation } from "@parley/mesh";
import { type Appointment, appointmentsOf, type FailureReason } from "../domain/booking/appointment.ts";
import { type Decision, decideBooking, decideCancellation, providerOf } from "../domain/booking/booking.ts";
import type { Calendar } from "../domain/booking/calendar.ts";
import { slotOf } from "../domain/booking/slot.ts";
import { notFound } from "../failure.ts";
import { appointmentMessage } from "../messages/appointment-message.ts";
import type { Calendars } from "./calendars.ts";

type Methods = Pick<
  Implementation<typeof ProviderAgentService>,
  "requestBooking" | "releaseBooking" | "getBooking" | "listBookings"
>;

const mostListed = 500;

/** What is booked: one decision of a calendar for each booking, announced once. */
export function keepBookings(calendars: Calendars): Methods {
  const unannounced = new Set<string>();

  return {
    async requestBooking({ userId, slotId, idempotencyKey, conversationId }, ctx) {
      const slot = slotOf(slotId);
      if (slot === undefined) return refused("SLOT_UNKNOWN", 0);
      const request = { userId, slot, idempotencyKey, conversationId };
      const { decision, version } = decided(slot.providerId, (calendar) =>
        decideBooking(calendar, request, ctx.clock.now()),
      );
      if (decision.kind === "refused") return refused(decision.reason, version);
      const appointment = appointmentAfter(decision);
      await announce(appointment, ctx, () =>
        ctx.publish(AppointmentConfirmedSchema, { appointment: appointmentMessage(appointment) }),
      );
      return done(appointment);
    },

    async releaseBooking({ userId, appointmentId, reason }, ctx) {
      const request = { userId, appointmentId };
      const providerId = providerOf(appointmentId) ?? "";
      const { decision, version } = decided(providerId, (calendar) =>
        decideCancellation(calendar, request, ctx.clock.now()),
      );
      if (decision.kind === "refused") return refused(decision.reason, version);
      const appointment = appointmentAfter(decision);
      await announce(appointment, ctx, () =>
        ctx.publish(AppointmentCancelledSchema, { appointment: appointmentMessage(appointment), reason }),
      );
      return done(appointment);
    },

    getBooking({ appointmentId }) {
      const appointment = calendars.load(providerOf(appointmentId) ?? "").appointments.get(appointmentId);
      if (appointment === undefined) throw notFound(`there is no appointment "${appointmentId}"`);
      return { appointment: appointmentMessage(appointment) };
    },

    listBookings({ userId, includePast }, ctx) {
      const all = [...calendars.all()].flatMap(({ appointments }) => [...appointments.values()]);
      const mine = appointmentsOf(all, { userId, includePast, now: ctx.clock.now() });
      return { appointments: mine.slice(0, mostListed).map(appointmentMessage) };
    },
  };

  function decided(
    providerId: string,
    decide: (calendar: Calendar) => Decision,
  ): { decision: Decision; version: number } {
    const outcome = calendars.commit(providerId, (calendar) => {
      const decision = decide(calendar);
      const events = decision.kind === "happens" ? [decision.event] : [];
      return { events, reply: { decision, version: calendar.version + events.length } };
    });
    if (outcome.decision.kind === "happens") unannounced.add(announcement(outcome.decision.event.appointment));
    return outcome;
  }

  /** Publishes what has not been published yet: a repeat after a failed publish makes up for it, any other stays silent. */
  async function announce(appointment: Appointment, ctx: Context, publish: () => Promise<void>): Promise<void> {
    const news = announcement(appointment);
    if (!unannounced.delete(news)) return;
    try {
      await publish();
    } catch (error) {
      unannounced.add(news);
      ctx.logger.warn(
        { appointmentId: appointment.appointmentId },
        "booked, but not announced; the next repeat announces it",
      );
      throw error;
    }
  }
}

function announcement({ appointmentId, status }: Appointment): string {
  return `${appointmentId}/${status}`;
}

function appointmentAfter(decision: Exclude<Decision, { kind: "refused" }>): Appointment {
  return decision.kind === "happens" ? decision.event.appointment : decision.appointment;
}

function done(appointment: Appointment) {
  return { result: { case: "appointment" as const, value: appointmentMessage(appointment) } };
}

function refused(reason: FailureReason, version: number) {
  return { result: { case: "refusal" as const, value: { reason: ReasonMessage[reason], version } } };
}
