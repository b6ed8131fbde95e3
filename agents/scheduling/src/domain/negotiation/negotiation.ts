// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment, AppointmentStatus, FailureReason } from "../booking/appointment.ts";
import type { Offer } from "../booking/offer.ts";

/** What happens in a negotiation. Times in milliseconds since the epoch. */
export type NegotiationEvent =
  | {
      readonly kind: "requested";
      readonly requestId: string;
      readonly serviceType: string;
      readonly participantIds: readonly string[];
      readonly resourceIds: readonly string[];
      readonly at: number;
    }
  | { readonly kind: "offered"; readonly offers: readonly Offer[]; readonly at: number }
  | { readonly kind: "selected"; readonly slotId: string; readonly at: number }
  | {
      readonly kind: "settled";
      readonly stage: AppointmentStatus;
      /** Empty: there is none. */
      readonly appointmentId: string;
      readonly at: number;
      readonly reason?: FailureReason | undefined;
    };

/** One stage that a negotiation went through. */
export interface Passed {
  readonly stage: AppointmentStatus;
  readonly at: number;
  /** With FAILED. */
  readonly reason?: FailureReason | undefined;
}

/**
 * A request for an appointment with all that came of it: REQUESTED, OFFERED, SELECTED, CONFIRMED, or FAILED, after which there
 * may be other offers; and how the appointment ended. The fold of its events.
 */
export interface Negotiation {
  /** Empty: nothing was asked for, somebody chose a slot at once. */
  readonly requestId: string;
  readonly serviceType: string;
  readonly participantIds: readonly string[];
  readonly resourceIds: readonly string[];
  /** Best first. */
  readonly offers: readonly Offer[];
  readonly slotId?: string | undefined;
  readonly appointmentId?: string | undefined;
  /** Oldest first, the latest {@link mostPassed}; the last one is where it stands. */
  readonly history: readonly Passed[];
}

/** A negotiation in which nothing has happened. */
export const newNegotiation: Negotiation = {
  requestId: "",
  serviceType: "",
  participantIds: [],
  resourceIds: [],
  offers: [],
  history: [],
};

const mostPassed = 50;

/** The negotiation after the event. */
export function evolveNegotiation(negotiation: Negotiation, event: NegotiationEvent): Negotiation {
  switch (event.kind) {
    case "requested": {
      const { requestId, serviceType, participantIds, resourceIds } = event;
      // What was wanted before is no more.
      const anew = { ...newNegotiation, history: negotiation.history };
      return { ...passed(anew, "REQUESTED", event), requestId, serviceType, participantIds, resourceIds };
    }
    case "offered":
      return { ...passed(negotiation, "OFFERED", event), offers: event.offers };
    case "selected":
      return { ...passed(negotiation, "SELECTED", event), slotId: event.slotId };
    case "settled": {
      const { stage, appointmentId } = event;
      return { ...passed(negotiation, stage, event), offers: [], appointmentId: appointmentId || undefined };
    }
  }
}

/** Where it stands; undefined where nothing has happened. */
export function stageOf({ history }: Negotiation): AppointmentStatus | undefined {
  return history.at(-1)?.stage;
}

/**
 * Whether what becomes of an appointment belongs to this negotiation and is not known yet. A later request in the same
 * conversation is not ended by what becomes of an earlier one's appointment; and news of a confirmation that come late, or again,
 * do not bring back an appointment that is over.
 */
export function concerns(negotiation: Negotiation, { appointmentId, status }: Appointment): boolean {
  const known = negotiation.appointmentId;
  if (known === appointmentId && isOver(negotiation)) return false;
  if (status === "CONFIRMED") return known !== appointmentId || stageOf(negotiation) !== status;
  const isOurs = known === appointmentId || (known === undefined && status === "FAILED");
  return isOurs && stageOf(negotiation) !== status;
}

/** Whether the appointment that it led to last has come to an end, whatever was offered or chosen since. */
function isOver({ history }: Negotiation): boolean {
  const settled = history.findLast(({ stage }) => !onTheWay.includes(stage));
  return settled !== undefined && settled.stage !== "CONFIRMED";
}

const onTheWay: readonly AppointmentStatus[] = ["REQUESTED", "OFFERED", "SELECTED"];

/** Whether a slot was offered here, too long ago to be chosen now. One that was never offered here is not. */
export function isExpired({ offers }: Negotiation, slotId: string, now: number): boolean {
  const offer = offers.find((each) => each.slotId === slotId);
  return offer?.expiresAt !== undefined && offer.expiresAt <= now;
}

function passed(
  negotiation: Negotiation,
  stage: AppointmentStatus,
  { at, reason }: { readonly at: number; readonly reason?: FailureReason | undefined },
): Negotiation {
  const step: Passed = reason === undefined ? { stage, at } : { stage, at, reason };
  return { ...negotiation, history: [...negotiation.history, step].slice(-mostPassed) };
}
