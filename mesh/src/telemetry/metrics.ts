// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { trace } from "@opentelemetry/api";
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

/** Counts a message that a hearer gave up. `type` is the event's, undefined when it could not be read. */
export function recordDeadLetter(hearer: string, type: string | undefined, error: MeshError): void {
  registeredInstruments()?.deadLetters.add(1, {
    [ownAttribute.hearer]: hearer,
    [ownAttribute.operation]: type ?? "_OTHER",
    [ownAttribute.errorCode]: error.code,
  });
}

/** State of a circuit breaker. */
export type BreakerState = "closed" | "half_open" | "open";

const stateValue = { closed: 0, half_open: 1, open: 2 } as const satisfies Record<BreakerState, number>;

/** Tells how the breaker of a method stands now; called when it changes. */
export function recordBreakerState(method: string, state: BreakerState): void {
  registeredInstruments()?.breakerState.record(stateValue[state], { [attribute.rpcMethod]: method });
}
