// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type {
  Appointment as AppointmentMessage,
  SlotOffer,
} from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AlternativesProposedSchema,
  AppointmentChangedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ConversationContinuedSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { type Entries, type Heard, onCommit } from "@parley/mesh";
import type { Appointment } from "../domain/booking/appointment.ts";
import type { ConversationEvent } from "../domain/conversation/conversation.ts";
import { journalKey } from "../journal-key.ts";
import { appointmentOf, offerOf } from "../messages/appointment-message.ts";
import { conversationStep } from "../messages/conversation-step.ts";
import { present } from "../messages/present.ts";
import { conversations } from "./conversations.ts";

/**
 * Times that are offered without having been asked for go on with the conversation in which the appointment was made, so that
 * "the first one" means the first of them.
 */
export const continuations: readonly Heard[] = [
  onCommit(
    AppointmentChangedSchema,
    { name: "continue-changed", keys: ({ appointment }) => of(appointment) },
    ({ appointment, options }, entries) => goOn(entries, appointmentOf(present(appointment)), options),
  ),
  onCommit(
    AlternativesProposedSchema,
    { name: "continue-alternatives", keys: ({ appointment }) => of(appointment) },
    ({ appointment, offers }, entries) => goOn(entries, appointmentOf(present(appointment)), offers),
  ),
];

type Key = ReturnType<typeof conversations.at>;

function of(appointment: AppointmentMessage | undefined): { conversation?: Key } {
  const { conversationId = "" } = appointment ?? {};
  return conversationId === "" ? {} : { conversation: conversations.at(journalKey(conversationId)) };
}

function goOn(
  { conversation }: { readonly conversation?: Entries<{ conversation: Key }>["conversation"] | undefined },
  appointment: Appointment,
  options: readonly SlotOffer[],
): void {
  if (conversation === undefined || conversation.state.userId !== appointment.userId || options.length === 0) return;
  const { serviceType, providerId, status } = appointment;
  const events: readonly ConversationEvent[] = [
    { kind: "requested", request: { serviceType, providerIds: [providerId] } },
    // What still stands is moved, what does not is booked anew.
    ...(status === "CONFIRMED" ? [{ kind: "moving", appointment } as const] : []),
    { kind: "offered", offers: options.map(offerOf) },
  ];
  conversation.append(ConversationContinuedSchema, { steps: events.map(conversationStep) });
}
