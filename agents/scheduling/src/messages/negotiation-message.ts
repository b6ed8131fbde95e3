// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type MessageShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  FailureReason as ReasonMessage,
  AppointmentStatus as StatusMessage,
} from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { AppointmentRequestedSchema, SlotsOfferedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import {
  type Negotiation as NegotiationMessage,
  NegotiationSchema,
} from "@parley/contracts/parley/scheduling/v1/negotiation_pb.js";
import { NegotiationSettledSchema, SlotSelectedSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { type Negotiation, type NegotiationEvent, stageOf } from "../domain/negotiation/negotiation.ts";
import { offerMessage, offerOf, reasonOf, statusOf } from "./appointment-message.ts";
import { milliseconds } from "./instants.ts";

/** All that a negotiation is made of. */
export const negotiationEvents = [
  AppointmentRequestedSchema,
  SlotsOfferedSchema,
  SlotSelectedSchema,
  NegotiationSettledSchema,
] as const;

/** The event of a negotiation that a message says. */
export function negotiationEventOf(message: MessageShape<(typeof negotiationEvents)[number]>): NegotiationEvent {
  switch (message.$typeName) {
    case "parley.scheduling.v1.AppointmentRequested": {
      const { requestId, serviceType, participantIds, resourceIds, time } = message;
      return { kind: "requested", requestId, serviceType, participantIds, resourceIds, at: milliseconds(time) };
    }
    case "parley.scheduling.v1.SlotsOffered":
      return { kind: "offered", offers: message.offers.map(offerOf), at: milliseconds(message.time) };
    case "parley.scheduling.v1.SlotSelected":
      return { kind: "selected", slotId: message.slotId, at: milliseconds(message.time) };
    case "parley.scheduling.v1.NegotiationSettled": {
      const { appointmentId, time } = message;
      const stage = statusOf(message.stage);
      const reason = stage === "FAILED" ? reasonOf(message.reason) : undefined;
      return { kind: "settled", stage, appointmentId, reason, at: milliseconds(time) };
    }
  }
}

/** The negotiation as a message. */
export function negotiationMessage(
  negotiation: Negotiation,
  { conversationId, userId }: { readonly conversationId: string; readonly userId: string },
): NegotiationMessage {
  const { requestId, serviceType, offers, slotId = "", appointmentId = "", history } = negotiation;
  const expiries = offers.flatMap(({ expiresAt }) => expiresAt ?? []);
  return create(NegotiationSchema, {
    ...{ conversationId, userId, requestId, serviceType, slotId, appointmentId },
    stage: StatusMessage[stageOf(negotiation) ?? "REQUESTED"],
    offers: offers.map(offerMessage),
    ...(expiries.length === 0 ? {} : { expiresTime: timestampFromMs(Math.max(...expiries)) }),
    reason: ReasonMessage[history.at(-1)?.reason ?? "UNSPECIFIED"],
    history: history.map(({ stage, at, reason }) => ({
      stage: StatusMessage[stage],
      time: timestampFromMs(at),
      reason: ReasonMessage[reason ?? "UNSPECIFIED"],
    })),
  });
}
