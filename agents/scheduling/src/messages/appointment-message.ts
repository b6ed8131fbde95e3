// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Appointment as AppointmentMessage,
  AppointmentSchema,
  type BookingFailure,
  BookingFailureSchema,
  FailureReason as ReasonMessage,
  type SlotOffer,
  SlotOfferSchema,
  AppointmentStatus as StatusMessage,
} from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import type { Appointment, AppointmentStatus, FailureReason } from "../domain/booking/appointment.ts";
import type { Failure, Offer } from "../domain/booking/offer.ts";
import { instantOrUnset, milliseconds, timeFields, windowOf } from "./instants.ts";

/** The appointment as a message. */
export function appointmentMessage(appointment: Appointment): AppointmentMessage {
  const { start, end, createdAt, updatedAt, status, ...rest } = appointment;
  const { answerBy, participantIds = [], resourceIds = [], movedFromId = "", movedToId = "", ...same } = rest;
  return create(AppointmentSchema, {
    ...{ ...same, movedFromId, movedToId },
    ...timeFields({ start, end }),
    participantIds: [...participantIds],
    resourceIds: [...resourceIds],
    ...(answerBy === undefined ? {} : { answerByTime: timestampFromMs(answerBy) }),
    status: StatusMessage[status],
    createdTime: timestampFromMs(createdAt),
    updatedTime: timestampFromMs(updatedAt),
  });
}

/** The appointment that a message says. */
export function appointmentOf(message: AppointmentMessage): Appointment {
  const { appointmentId, userId, providerId, providerName, serviceType, slotId, conversationId } = message;
  const { participantIds, resourceIds, answerByTime, movedFromId, movedToId } = message;
  return {
    ...{ appointmentId, userId, providerId, providerName, serviceType, slotId, conversationId },
    ...windowOf(message),
    status: statusOf(message.status),
    createdAt: milliseconds(message.createdTime),
    updatedAt: milliseconds(message.updatedTime),
    ...(participantIds.length === 0 ? {} : { participantIds }),
    ...(resourceIds.length === 0 ? {} : { resourceIds }),
    ...(answerByTime === undefined ? {} : { answerBy: timestampMs(answerByTime) }),
    ...(movedFromId === "" ? {} : { movedFromId }),
    ...(movedToId === "" ? {} : { movedToId }),
  };
}

/** The offer as a message. */
export function offerMessage({ start, end, reasoning, expiresAt, ...same }: Offer): SlotOffer {
  const expiry = expiresAt === undefined ? {} : { expiresTime: timestampFromMs(expiresAt) };
  return create(SlotOfferSchema, { ...same, ...timeFields({ start, end }), ...expiry, reasoning: [...reasoning] });
}

/** The offer that a message says. */
export function offerOf(message: SlotOffer): Offer {
  const { slotId, providerId, providerName, serviceType, matchScore, reasoning, version } = message;
  const expiresAt = instantOrUnset(message.expiresTime);
  const same = { slotId, providerId, providerName, serviceType, matchScore, reasoning, version };
  return { ...same, ...windowOf(message), ...(expiresAt === undefined ? {} : { expiresAt }) };
}

/** The failure as a message. */
export function failureMessage({ reason, userMessage, alternatives }: Failure): BookingFailure {
  return create(BookingFailureSchema, {
    reason: ReasonMessage[reason],
    userMessage,
    alternatives: alternatives.map(offerMessage),
  });
}

/** The failure that a message says. */
export function failureOf({ reason, userMessage, alternatives }: BookingFailure): Failure {
  return { reason: reasonOf(reason), userMessage, alternatives: alternatives.map(offerOf) };
}

/** The reason in the domain's words; one that a newer peer may send counts as unknown slot. */
export function reasonOf(reason: ReasonMessage): FailureReason {
  const name = ReasonMessage[reason] as FailureReason | "UNSPECIFIED" | undefined;
  return name === undefined || name === "UNSPECIFIED" ? "SLOT_UNKNOWN" : name;
}

/** The status in the domain's words; one that a newer peer may send counts as failed. */
export function statusOf(status: StatusMessage): AppointmentStatus {
  const name = StatusMessage[status] as AppointmentStatus | "UNSPECIFIED" | undefined;
  return name === undefined || name === "UNSPECIFIED" ? "FAILED" : name;
}
