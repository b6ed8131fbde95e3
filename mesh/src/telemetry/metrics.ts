// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Attributes, trace } from "@opentelemetry/api";
import type { MeshError } from "../mesh-error.ts";
import { registeredInstruments } from "./instruments.ts";
import type { TraceContext } from "./propagation.ts";
import { attribute, ownAttribute } from "./semantic-names.ts";

/** A further try of a call or of a message. */
export interface Retry {
  readonly side: "call" | "process";
  /** Method or event type. */
  readonly operation: string;
  /** Why the try before failed. */
  readonly error: MeshError;
  readonly delayMs: number;
  /** Span that the retry happens in: it gets an event. Unset between two spans. */
  readonly trace?: TraceContext | undefined;
}

/** Counts a retry, before its delay. */
export function recordRetry({ side, operation, error, delayMs, trace: at }: Retry): void {
  const span = at === undefined ? undefined : trace.getSpan(at);
  if (span?.isRecording()) {
    span.addEvent("parley.retry", { [ownAttribute.errorCode]: error.code, [ownAttribute.delayMs]: delayMs });
  }
  registeredInstruments()?.retries.add(1, {
    [ownAttribute.side]: side,
    [ownAttribute.operation]: operation,
    [ownAttribute.errorCode]: error.code,
  });
}

/** Counts a retry of a call that was not made, because retries of the method had used up their share. */
export function recordRefusedRetry(method: string, error: MeshError): void {
  registeredInstruments()?.refusedRetries.add(1, {
    [ownAttribute.operation]: method,
    [ownAttribute.errorCode]: error.code,
  });
}

/** Counts what was handed to another method, by a call or a command. */
export function recordFallback({ from, to, error }: { from: string; to: string; error: MeshError }): void {
  registeredInstruments()?.fallbacks.add(1, {
    [ownAttribute.operation]: from,
    [ownAttribute.fallback]: to,
    [ownAttribute.errorCode]: error.code,
  });
}

/** Counts a message that a hearer gave up. `type` is the event's, undefined when it could not be read. */
export function recordDeadLetter(hearer: string, type: string | undefined, error: MeshError): void {
  registeredInstruments()?.deadLetters.add(1, {
    [ownAttribute.hearer]: hearer,
    [ownAttribute.operation]: type ?? "_OTHER",
    [ownAttribute.errorCode]: error.code,
  });
}

/** Counts a message that began after a later one of its key. */
export function recordOrderViolation(hearer: string, type: string): void {
  registeredInstruments()?.orderViolations.add(1, { [ownAttribute.hearer]: hearer, [ownAttribute.operation]: type });
}

/** A commit that is over, one way or the other. */
export interface MeasuredCommit {
  readonly agent: string;
  /** Milliseconds from asking for its keys to the answer. */
  readonly tookMs: number;
  /** Rounds that others won. */
  readonly conflicts: number;
  readonly marks: number;
  /** Unset when it succeeded; what the decision itself threw is INTERNAL unless it is an error of the mesh. */
  readonly error: MeshError | undefined;
}

/** Counts a commit and what it cost beyond one append. */
export function recordCommit({ agent, tookMs, conflicts, marks, error }: MeasuredCommit): void {
  const registered = registeredInstruments();
  if (registered === undefined) return;
  const by = { [ownAttribute.agent]: agent };
  registered.commitDuration.record(
    tookMs / 1000,
    error === undefined ? by : { ...by, [ownAttribute.errorCode]: error.code },
  );
  if (conflicts > 0) registered.commitConflicts.add(conflicts, by);
  if (marks > 0) registered.commitMarks.add(marks, by);
}

/** Counts a saga that came to an end, or that needs attention. */
export function recordSagaEnd(
  { agent, saga }: { readonly agent: string; readonly saga: string },
  status: string,
): void {
  registeredInstruments()?.sagaEnds.add(1, {
    [ownAttribute.agent]: agent,
    [ownAttribute.saga]: saga,
    [ownAttribute.sagaStatus]: status,
  });
}

/** Counts a handler that goes on although nobody waits for it (1), and that it ended after all (-1). */
export function recordLeftBehind(
  { agent, operation }: { readonly agent: string; readonly operation: string },
  change: 1 | -1,
): void {
  registeredInstruments()?.leftBehind.add(change, { [ownAttribute.agent]: agent, [ownAttribute.operation]: operation });
}

/** State of a circuit breaker. */
export type BreakerState = "closed" | "half_open" | "open";

const stateValue = { closed: 0, half_open: 1, open: 2 } as const satisfies Record<BreakerState, number>;

/** What a breaker stands before: a method of another instance, a hearer here, or an outside system of a service. */
export type BreakerPlace =
  | { readonly method: string }
  | { readonly agent: string; readonly hearer: string }
  | { readonly service: string; readonly outside: string };

/** Tells how a breaker stands now; called when it changes. */
export function recordBreakerState(place: BreakerPlace, state: BreakerState): void {
  registeredInstruments()?.breakerState.record(stateValue[state], placeAttributes(place));
}

function placeAttributes(place: BreakerPlace): Attributes {
  if ("method" in place) return { [attribute.rpcMethod]: place.method };
  if ("hearer" in place) return { [ownAttribute.agent]: place.agent, [ownAttribute.hearer]: place.hearer };
  return { [ownAttribute.service]: place.service, [ownAttribute.outside]: place.outside };
}
