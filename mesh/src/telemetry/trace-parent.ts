// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { isValidSpanId, isValidTraceId, type SpanContext } from "@opentelemetry/api";

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The two flags that the specification names; others are not passed on. */
const knownFlags = 0x03;

/**
 * Reads a `traceparent` header; undefined when it is not one, as the specification asks: a broken one is ignored.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function parseTraceParent(text: string): SpanContext | undefined {
  const [, version, traceId = "", spanId = "", flags = "", rest] = pattern.exec(text.trim()) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & knownFlags, isRemote: true };
}

/** Writes a `traceparent` header. */
export function formatTraceParent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & knownFlags}`;
}

/**
 * Reads the ids of peers that send X-Trace-ID and X-Span-ID instead. A trace id of 32 hex digits or a UUID is taken, any
 * other is ignored; without a usable span id the trace id lends one, so that the trace is continued at least.
 */
export function parseOlderIds(traceText: string, spanText: string | undefined): SpanContext | undefined {
  const traceId = traceText.trim().toLowerCase().replaceAll("-", "");
  if (!isValidTraceId(traceId)) return undefined;
  const own = spanText?.trim().toLowerCase() ?? "";
  const spanId = [own, traceId.slice(16), traceId.slice(0, 16)].find(isValidSpanId);
  return spanId === undefined ? undefined : { traceId, spanId, traceFlags: 1, isRemote: true };
}
