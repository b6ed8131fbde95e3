// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomUUID } from "node:crypto";
import {
  type Context,
  context,
  createContextKey,
  createTraceState,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { formatBaggage, parseBaggage } from "./baggage.ts";
import { formatTraceParent, parseOlderIds, parseTraceParent } from "./trace-parent.ts";
import { registeredTracer } from "./tracer.ts";

/**
 * Where a trace stands: an OpenTelemetry context, passed on explicitly, because there is no ambient one without an SDK.
 */
export type TraceContext = Context;

/** Reads a header; asked with the name in lower case, however the sender wrote it. */
export type GetHeader = (name: string) => string | undefined;

/** Writes a header. */
export type SetHeader = (name: string, value: string) => void;

const parentSpanKey = createContextKey("parley parent span id");

/**
 * Where something begins that has no cause in the mesh: in the caller's own span when there is one, else a new trace.
 * Without an SDK the trace has an id all the same, so logs, events and peers that do record agree on one. It says
 * "sampled", or such peers would drop their part.
 */
export function rootTrace(): TraceContext {
  return begun(context.active());
}

/** Where something begins of which no trace is to tell: the mesh's own talk. An SDK that goes by its parent records no span. */
export function untraced(): TraceContext {
  const { traceId, spanId } = newIds();
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.NONE });
}

function begun(at: TraceContext): TraceContext {
  if (trace.getSpan(at) !== undefined || registeredTracer() !== undefined) return at;
  return trace.setSpanContext(at, { ...newIds(), traceFlags: TraceFlags.SAMPLED });
}

function newIds(): Pick<SpanContext, "traceId" | "spanId"> {
  // UUIDs because Node keeps a stock of them: a tenth of what asking the system for random bytes each time costs.
  const other = randomUUID();
  return { traceId: randomUUID().replaceAll("-", ""), spanId: other.slice(0, 8) + other.slice(-8) };
}

/** Trace id in 32 hex digits; empty when there is none. */
export function traceIdOf(at: TraceContext): string {
  return trace.getSpanContext(at)?.traceId ?? "";
}

/** Where the trace stands inside a new span below `parent`. */
export function insideSpan(parent: TraceContext, span: Span): TraceContext {
  const parentSpan = trace.getSpanContext(parent);
  const inside = trace.setSpan(parent, span);
  // The API does not tell a span's parent, and older peers want to know it. A link is no parent.
  const below = parentSpan?.traceId === span.spanContext().traceId;
  return below ? inside.setValue(parentSpanKey, parentSpan?.spanId) : inside.deleteValue(parentSpanKey);
}

/**
 * Writes where the trace stands into headers: W3C `traceparent`, `tracestate`, `baggage`, and the X- headers that older
 * peers read. The same with and without an SDK, and whatever OTEL_PROPAGATORS says: this is the mesh's wire.
 */
export function inject(at: TraceContext, set: SetHeader): void {
  const span = trace.getSpanContext(at);
  if (span !== undefined && isSpanContextValid(span)) {
    set("traceparent", formatTraceParent(span));
    const state = span.traceState?.serialize();
    if (state !== undefined && state !== "") set("tracestate", state);
    set("X-Trace-ID", span.traceId);
    set("X-Span-ID", span.spanId);
    const parent = at.getValue(parentSpanKey);
    if (typeof parent === "string") set("X-Parent-Span-ID", parent);
  }
  const baggage = propagation.getBaggage(at);
  const text = baggage === undefined ? "" : formatBaggage(baggage);
  if (text !== "") set("baggage", text);
}

/**
 * Reads where the sender's trace stands. Headers that are missing or broken begin a new trace, as {@link rootTrace} does;
 * this never throws.
 */
export function extract(get: GetHeader): TraceContext {
  const text = get("baggage");
  const baggage = text === undefined ? undefined : parseBaggage(text);
  const base = baggage === undefined ? ROOT_CONTEXT : propagation.setBaggage(ROOT_CONTEXT, baggage);
  const remote = remoteSpan(get);
  return remote === undefined ? begun(base) : trace.setSpanContext(base, remote);
}

function remoteSpan(get: GetHeader): SpanContext | undefined {
  const parent = get("traceparent");
  const span = parent === undefined ? undefined : parseTraceParent(parent);
  if (span === undefined) {
    const older = get("x-trace-id");
    return older === undefined ? undefined : parseOlderIds(older, get("x-span-id"));
  }
  const state = get("tracestate");
  return state === undefined ? span : { ...span, traceState: createTraceState(state) };
}
