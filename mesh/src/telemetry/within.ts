// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { context } from "@opentelemetry/api";
import type { TraceContext } from "./propagation.ts";
import { registeredTracer } from "./tracer.ts";

/**
 * Runs work with the trace as OpenTelemetry's active context, so that spans which a handler's author starts nest below
 * ours. Holds over awaits. Without an SDK it only calls the function.
 */
export function within<T>(at: TraceContext, work: () => T): T {
  return context.with(at, work);
}

/**
 * {@link within} for a stream. A generator runs in the context of whoever asks for the next element, so entering it once
 * is not enough. Without an SDK it is the stream itself.
 */
export function streamWithin<T>(at: TraceContext, stream: AsyncIterable<T>): AsyncIterable<T> {
  if (registeredTracer() === undefined) return stream;
  return {
    [Symbol.asyncIterator]() {
      const source = within(at, () => stream[Symbol.asyncIterator]());
      const iterator: AsyncIterator<T> = { next: () => within(at, () => source.next()) };
      if (source.return !== undefined) iterator.return = (value) => within(at, () => giveUp(source, value));
      return iterator;
    },
  };
}

async function giveUp<T>(source: AsyncIterator<T>, value: unknown): Promise<IteratorResult<T>> {
  return (await source.return?.(value)) ?? { done: true, value: undefined };
}
