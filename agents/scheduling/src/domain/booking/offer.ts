// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { minuteMs, type TimeWindow } from "../time/time-window.ts";
import type { FailureReason } from "./appointment.ts";

/** A free time that a person may choose. Instants in milliseconds since the epoch. */
export interface Offer extends TimeWindow {
  readonly slotId: string;
  readonly providerId: string;
  readonly providerName: string;
  readonly serviceType: string;
  /** 0 to 1. */
  readonly matchScore: number;
  readonly reasoning: readonly string[];
  readonly version: number;
  /** Until when it may be chosen; unset: as long as the time is free. */
  readonly expiresAt?: number | undefined;
}

/** How long an offer may be chosen. */
export const offerMs = 15 * minuteMs;

/** A booking or cancellation that did not come about. */
export interface Failure {
  readonly reason: FailureReason;
  /** For people. */
  readonly userMessage: string;
  readonly alternatives: readonly Offer[];
}

/** What a person is told, by reason: what happened, and what to do next. */
export const failureSentences: Readonly<Record<FailureReason, string>> = {
  SLOT_TAKEN: "Sorry, that slot was just taken. Would you like to try another?",
  SLOT_IN_PAST: "Sorry, that time has passed. Would you like to try another?",
  SLOT_NOT_OFFERED: "Sorry, that time is not offered any more. Would you like to try another?",
  SLOT_UNKNOWN: "Sorry, I do not know that slot. Please ask for free times and choose one of them.",
  PROVIDER_UNKNOWN: "Sorry, that provider takes no appointments here any more. Would you like to try somebody else?",
  APPOINTMENT_UNKNOWN: "Sorry, I cannot find that appointment of yours.",
  APPOINTMENT_IN_PAST: "Sorry, that appointment has already begun, so it can no longer be changed.",
  SLOT_HELD: "Sorry, somebody else is just about to take that slot. Would you like to try another?",
  OFFER_EXPIRED: "Sorry, that offer is too old by now. Would you like one of these?",
  PROVIDER_DECLINED: "Sorry, the provider cannot take that appointment. Would you like to try another time?",
  PROVIDER_SILENT: "Sorry, the provider did not answer in time. Would you like to try another time?",
  RESOURCE_TAKEN: "Sorry, a room or device that it needs was just taken. Would you like to try another time?",
  PARTICIPANT_BUSY: "Sorry, not everybody is free at that time. Would you like to try another?",
  APPOINTMENT_NOT_BOOKED: "Sorry, that appointment is not booked, so it cannot be changed.",
  NOTHING_FREE: "Sorry, I found no free time for that. Would another day or time suit you?",
  GROUP_TOO_LARGE: "Sorry, so many cannot come together there. Would you like to try somebody else?",
  PROVIDER_UNAVAILABLE: "Sorry, the provider is away at that time. Would you like to try another?",
};
