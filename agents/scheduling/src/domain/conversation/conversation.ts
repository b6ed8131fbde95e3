// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment } from "../booking/appointment.ts";
import type { Failure, Offer } from "../booking/offer.ts";
import { excluding } from "../sentence/exclusion.ts";
import { shifted } from "../sentence/shift.ts";
import { corrected, type TimeWords } from "../sentence/time-words.ts";
import type { Understood } from "../sentence/understand.ts";

/** What is wanted so far, over all sentences. */
export interface Request {
  readonly serviceType?: string | undefined;
  readonly providerIds: readonly string[];
  /** Who must not be offered. */
  readonly unwantedIds?: readonly string[] | undefined;
  readonly durationMinutes?: number | undefined;
  readonly when?: TimeWords | undefined;
}

/** What happens in a conversation. */
export type ConversationEvent =
  | { readonly kind: "heard"; readonly userId: string; readonly timeZone: string }
  | { readonly kind: "requested"; readonly request: Request }
  | { readonly kind: "offered"; readonly offers: readonly Offer[] }
  | { readonly kind: "selected"; readonly slotId: string }
  | { readonly kind: "confirmed"; readonly appointment: Appointment }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "declined" }
  | { readonly kind: "which-to-cancel"; readonly appointments: readonly Appointment[] }
  | { readonly kind: "cancelled" }
  | { readonly kind: "moving"; readonly appointment: Appointment };

/** How far the negotiation is. */
export type Stage = "NEW" | "REQUESTED" | "OFFERED" | "SELECTED" | "CONFIRMED" | "FAILED";

/** A conversation as it stands: the fold of its events. */
export interface Conversation {
  /** Whose it is; unset before the first sentence. */
  readonly userId?: string | undefined;
  readonly timeZone: string;
  readonly stage: Stage;
  readonly request: Request;
  /** What may be chosen, in the order in which it was read out. */
  readonly offers: readonly Offer[];
  /** What may be cancelled, in the order in which it was read out; empty unless that was asked. */
  readonly cancellable: readonly Appointment[];
  /** The appointment that "it" stands for. */
  readonly appointment?: Appointment | undefined;
  /** The appointment that shall be moved to one of the offers; unset: the choice is booked anew. */
  readonly moving?: Appointment | undefined;
}

/** A conversation in which nothing has been said. */
export const newConversation: Conversation = {
  timeZone: "UTC",
  stage: "NEW",
  request: { providerIds: [] },
  offers: [],
  cancellable: [],
};

/** The conversation after the event. */
export function evolve(conversation: Conversation, event: ConversationEvent): Conversation {
  switch (event.kind) {
    case "heard":
      return { ...conversation, userId: event.userId, timeZone: event.timeZone };
    case "requested":
      return { ...conversation, stage: "REQUESTED", request: event.request, offers: [], cancellable: [] };
    case "offered":
      return { ...conversation, stage: "OFFERED", offers: event.offers };
    case "selected":
      return { ...conversation, stage: "SELECTED" };
    case "confirmed":
      // What was asked for is done: the next sentence begins anew.
      return {
        ...newConversation,
        ...pick(conversation),
        stage: stageOf(event.appointment),
        appointment: event.appointment,
      };
    case "failed":
      return { ...conversation, stage: "FAILED", offers: event.failure.alternatives };
    case "declined":
      return { ...conversation, stage: "REQUESTED", offers: [], cancellable: [], moving: undefined };
    case "which-to-cancel":
      return { ...conversation, offers: [], cancellable: event.appointments };
    case "cancelled":
      return { ...newConversation, ...pick(conversation) };
    case "moving":
      return { ...conversation, moving: event.appointment, appointment: event.appointment, cancellable: [] };
  }
}

/** What a sentence adds to a request. Another service begins a new one; what the sentence does not speak of stays. */
export function requestAfter(request: Request, understood: Understood): Request {
  const [serviceType] = understood.serviceTypes;
  const other = serviceType !== undefined && request.serviceType !== undefined && serviceType !== request.serviceType;
  const earlier: Request = other ? { providerIds: [], when: request.when } : request;
  const { providerIds: named, unwantedIds = [], whom } = understood;
  const providerIds = whom === "also" ? [...new Set([...earlier.providerIds, ...named])] : named;
  const wanted = providerIds.length > 0 || whom === "anyone" ? providerIds : earlier.providerIds;
  const unwanted = [...(earlier.unwantedIds ?? []).filter((id) => !providerIds.includes(id)), ...unwantedIds];
  return {
    serviceType: serviceType ?? earlier.serviceType,
    providerIds: wanted.filter((id) => !unwanted.includes(id)),
    unwantedIds: unwanted.length > 0 ? [...new Set(unwanted)] : undefined,
    durationMinutes: understood.durationMinutes ?? earlier.durationMinutes,
    when: excluding(shifted(corrected(earlier.when, understood.when), understood.shift), understood.notWhen),
  };
}

/** What waits for the provider's word is chosen, not booked. */
function stageOf({ status }: Appointment): Stage {
  return status === "SELECTED" ? "SELECTED" : "CONFIRMED";
}

function pick({ userId, timeZone }: Conversation): Pick<Conversation, "userId" | "timeZone"> {
  return { userId, timeZone };
}
