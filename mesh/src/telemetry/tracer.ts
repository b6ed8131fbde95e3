// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ProxyTracerProvider, type Tracer, type TracerProvider, trace } from "@opentelemetry/api";

/** Name of our instrumentation in traces and metrics. */
export const scopeName = "@parley/mesh";

/** What stands in for a provider while no SDK is registered. */
const absent: TracerProvider = new ProxyTracerProvider().getDelegate();

let known: TracerProvider = absent;
let tracer: Tracer | undefined;

/**
 * The tracer of the SDK that is registered in this process, by us or by anyone; undefined when there is none. Asked for
 * each span, because an SDK may be registered at any time.
 */
export function registeredTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  const actual = provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
  if (actual !== known) {
    known = actual;
    tracer = actual === absent ? undefined : actual.getTracer(scopeName);
  }
  return tracer;
}
