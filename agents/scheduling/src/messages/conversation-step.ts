// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type ConversationStep, ConversationStepSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { MeshError } from "@parley/mesh";
import type { ConversationEvent } from "../domain/conversation/conversation.ts";
import {
  appointmentMessage,
  appointmentOf,
  failureMessage,
  failureOf,
  offerMessage,
  offerOf,
} from "./appointment-message.ts";
import { requestOf, wishMessage } from "./wish-message.ts";

type Step = NonNullable<MessageInitShape<typeof ConversationStepSchema>["step"]>;

/** What happens in a conversation, as a message. */
export function conversationStep(event: ConversationEvent): ConversationStep {
  return create(ConversationStepSchema, { step: stepOf(event) });
}

function stepOf(event: ConversationEvent): Step {
  switch (event.kind) {
    case "heard":
      return { case: "heard", value: { userId: event.userId, timeZone: event.timeZone } };
    case "requested":
      return { case: "requested", value: wishMessage(event.request) };
    case "offered":
      return { case: "offered", value: { offers: event.offers.map(offerMessage) } };
    case "selected":
      return { case: "selected", value: event.slotId };
    case "confirmed":
      return { case: "confirmed", value: appointmentMessage(event.appointment) };
    case "failed":
      return { case: "failed", value: failureMessage(event.failure) };
    case "declined":
      return { case: "declined", value: {} };
    case "which-to-cancel":
      return { case: "whichToCancel", value: { appointments: event.appointments.map(appointmentMessage) } };
    case "cancelled":
      return { case: "cancelled", value: {} };
    case "moving":
      return { case: "moving", value: appointmentMessage(event.appointment) };
  }
}

/**
 * What happens in a conversation, as a message says it.
 *
 * @throws MeshError JOURNAL_AHEAD when a newer version of the agent wrote it: to skip it would be to forget it
 */
export function conversationEventOf({ step }: ConversationStep): ConversationEvent {
  switch (step.case) {
    case "heard":
      return { kind: "heard", userId: step.value.userId, timeZone: step.value.timeZone };
    case "requested":
      return { kind: "requested", request: requestOf(step.value) };
    case "offered":
      return { kind: "offered", offers: step.value.offers.map(offerOf) };
    case "selected":
      return { kind: "selected", slotId: step.value };
    case "confirmed":
      return { kind: "confirmed", appointment: appointmentOf(step.value) };
    case "failed":
      return { kind: "failed", failure: failureOf(step.value) };
    case "declined":
      return { kind: "declined" };
    case "whichToCancel":
      return { kind: "which-to-cancel", appointments: step.value.appointments.map(appointmentOf) };
    case "cancelled":
      return { kind: "cancelled" };
    case "moving":
      return { kind: "moving", appointment: appointmentOf(step.value) };
    case undefined:
      throw new MeshError({
        code: "JOURNAL_AHEAD",
        message: "a conversation holds a step that this version does not know",
      });
  }
}
