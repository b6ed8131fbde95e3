// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { TimeWindow } from "../time/time-window.ts";
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
}

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
  APPOINTMENT_IN_PAST: "Sorry, that appointment has already begun, so it can no longer be cancelled.",
};
