// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { FailureReason as ReasonMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import type { Appointment, FailureReason } from "../domain/booking/appointment.ts";
import type { Decision } from "../domain/booking/booking.ts";
import { failureSentences } from "../domain/booking/offer.ts";
import { appointmentMessage, failureMessage } from "../messages/appointment-message.ts";

/** What a calendar answers. Plain data: it is stored for repeats. */
export type Outcome =
  | { readonly kind: "done"; readonly appointment: Appointment }
  | { readonly kind: "refused"; readonly reason: FailureReason; readonly version: number };

/** What a decision comes to, in a calendar of that version. */
export function outcomeOf(decision: Decision, version: number): Outcome {
  switch (decision.kind) {
    case "happens":
      return { kind: "done", appointment: decision.event.appointment };
    case "repeat":
      return { kind: "done", appointment: decision.appointment };
    case "refused":
      return { kind: "refused", reason: decision.reason, version };
  }
}

/** The answer to another agent, which finds the words. */
export function answer(outcome: Outcome) {
  if (outcome.kind === "done") return { result: done(outcome.appointment) };
  const { reason, version } = outcome;
  return { result: { case: "refusal" as const, value: { reason: ReasonMessage[reason], version } } };
}

/** The answer to a person. */
export function answerInWords(outcome: Outcome) {
  if (outcome.kind === "done") return { result: done(outcome.appointment) };
  const { reason } = outcome;
  const failure = failureMessage({ reason, userMessage: failureSentences[reason], alternatives: [] });
  return { result: { case: "failure" as const, value: failure } };
}

function done(appointment: Appointment) {
  return { case: "appointment" as const, value: appointmentMessage(appointment) };
}
