// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { MeshError } from "../mesh-error.ts";
import { logCommunication } from "./communication-log.ts";
import { registeredInstruments } from "./instruments.ts";
import { insideSpan, type TraceContext } from "./propagation.ts";
import { attribute, ownAttribute } from "./semantic-names.ts";
import type { SpanInit, SpanShape } from "./span-shape.ts";
import { registeredTracer } from "./tracer.ts";

/** A span that is running. */
export interface OpenSpan {
  /** Where the trace stands inside the span: goes to whatever happens because of it. */
  readonly context: TraceContext;
  /**
   * Ends the span, records the metrics and writes the log line that belong to it; with what was thrown when it failed.
   * Only the first end counts. It may be passed on as a callback.
   */
  readonly end: (error?: unknown) => void;
}

/**
 * Begins a span, if there is an SDK; without one the trace goes on where it stands, and ending it costs no more than
 * seeing that nobody listens.
 */
export function openSpan<I extends SpanInit>(shape: SpanShape<I>, init: I): OpenSpan {
  const started = performance.now();
  const span = startSpan(shape, init);
  const context = span === undefined ? init.parent : insideSpan(init.parent, span);
  let ended = false;
  return {
    context,
    end(thrown) {
      if (ended) return;
      ended = true;
      const error = thrown === undefined ? undefined : MeshError.from(thrown);
      const durationMs = performance.now() - started;
      if (span !== undefined) endSpan(shape, span, error);
      measure(shape, init, { durationS: durationMs / 1000, error });
      logCommunication({ shape, init, context, durationMs, error });
    },
  };
}

function startSpan<I extends SpanInit>(shape: SpanShape<I>, init: I): Span | undefined {
  const tracer = registeredTracer();
  if (tracer === undefined) return undefined;
  const { parent, links } = shape.place?.(init) ?? { parent: init.parent, links: [] };
  const options = { kind: shape.kind, attributes: shape.identity(init), links };
  const span = tracer.startSpan(shape.name(init), options, parent);
  if (span.isRecording()) span.setAttributes(shape.details(init));
  return span;
}

function endSpan<I extends SpanInit>(shape: SpanShape<I>, span: Span, error: MeshError | undefined): void {
  if (error !== undefined && span.isRecording()) {
    const failure = shape.failure(error);
    span.setAttributes({ ...failure, [ownAttribute.errorCode]: error.code });
    if (attribute.errorType in failure) span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    // The stack of what nobody foresaw; foreseen errors are told whole by code and message.
    if (error.code === "INTERNAL") span.recordException(error.cause instanceof Error ? error.cause : error);
  }
  span.end();
}

function measure<I extends SpanInit>(
  shape: SpanShape<I>,
  init: I,
  { durationS, error }: { readonly durationS: number; readonly error: MeshError | undefined },
): void {
  const instruments = registeredInstruments();
  if (instruments === undefined) return;
  const failure = error === undefined ? undefined : shape.failure(error);
  shape.measure(instruments, { init, durationS, attributes: { ...shape.identity(init), ...failure } });
  if (error === undefined || failure === undefined || !(attribute.errorType in failure)) return;
  instruments.errors.add(1, {
    [ownAttribute.side]: shape.side,
    [ownAttribute.operation]: shape.operation(init),
    [ownAttribute.errorCode]: error.code,
    [ownAttribute.errorClass]: error.errorClass,
  });
}
