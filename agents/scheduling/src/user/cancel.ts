// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { type Appointment, appointmentsOf } from "../domain/booking/appointment.ts";
import {
  appointmentsReply,
  cancelledReply,
  declinedReply,
  whichToCancelReply,
} from "../domain/conversation/replies.ts";
import { localTime } from "../domain/time/time-zone.ts";
import { appointmentOf } from "../messages/appointment-message.ts";
import { type Answer, say, type Turn } from "./turn.ts";

/** Lists the user's appointments that are still to come. */
export async function list(turn: Turn): Promise<Answer> {
  return say(appointmentsReply(await upcoming(turn), turn.reader));
}

/** Cancels the appointment that the sentence means, or asks which. */
export async function cancelMeant(turn: Turn): Promise<Answer> {
  const { conversation, reader } = turn;
  const all = await upcoming(turn);
  const meant = all.filter((appointment) => fits(appointment, turn));
  const [only, ...more] = meant;
  // "Cancel", said about offers by somebody who has no appointment, refuses the offers.
  if (all.length === 0 && conversation.offers.length > 0)
    return { reply: declinedReply, events: [{ kind: "declined" }] };
  if (only === undefined) return say(appointmentsReply(all, reader));
  const latest = meant.find(({ appointmentId }) => appointmentId === conversation.appointment?.appointmentId);
  if (more.length === 0 || latest !== undefined) return cancel(turn, latest ?? only);
  return { reply: whichToCancelReply(meant, reader), events: [{ kind: "which-to-cancel", appointments: meant }] };
}

/** Cancels one appointment. */
export async function cancel(
  { ctx, userId, conversationId, reader }: Turn,
  { appointmentId }: Appointment,
): Promise<Answer> {
  const { result } = await ctx
    .client(SchedulingAgentService)
    .cancelAppointment({ userId, appointmentId }, { conversationId });
  if (result.case !== "appointment") return say(result.value?.userMessage ?? "");
  const appointment = appointmentOf(result.value);
  return { reply: cancelledReply(appointment, reader), events: [{ kind: "cancelled" }], appointment };
}

/**
 * What is still to come, earliest first. The list may lack for a moment what was booked at another instance; the appointment
 * that this conversation speaks of must not be missing, so it is asked for by itself.
 */
export async function upcoming({
  ctx,
  userId,
  conversationId,
  conversation,
  reader,
}: Turn): Promise<readonly Appointment[]> {
  const client = ctx.client(SchedulingAgentService);
  const { appointments } = await client.listAppointments({ userId }, { conversationId });
  const listed = appointments.map(appointmentOf);
  const { appointmentId } = conversation.appointment ?? {};
  if (appointmentId === undefined || listed.some((other) => other.appointmentId === appointmentId)) return listed;
  const { appointment } = await client.getAppointment({ userId, appointmentId }, { conversationId });
  const missing = appointment === undefined ? [] : [appointmentOf(appointment)];
  return appointmentsOf([...listed, ...missing], { userId, includePast: false, now: reader.now });
}

function fits(appointment: Appointment, { understood, reader }: Turn): boolean {
  const { serviceTypes, providerIds, when } = understood;
  const date = localTime(appointment.start, reader.timeZone).toPlainDate().toString();
  const spans = when?.days?.spans ?? [];
  return (
    (serviceTypes.length === 0 || serviceTypes.includes(appointment.serviceType)) &&
    (providerIds.length === 0 || providerIds.includes(appointment.providerId)) &&
    (spans.length === 0 || spans.some(({ first, last }) => first <= date && date <= last))
  );
}
