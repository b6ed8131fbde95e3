// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import type { MessageHeader } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import type { OpenSpan } from "../telemetry/open-span.ts";
import { traceIdOf } from "../telemetry/propagation.ts";
import type { Observer } from "./observation.ts";

/** A message on its way into a stream. */
export interface Sending {
  readonly kind: "published" | "dispatched";
  readonly header: MessageHeader;
  readonly span: OpenSpan;
  readonly observer: Observer | undefined;
}

/** Runs what stores a message; ends its span and tells the observer when it is stored, or why not. */
export async function observeSending<T>(
  { kind, header, span, observer }: Sending,
  store: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const at = Date.now();
  const tell = (error?: unknown) => {
    span.end(error);
    const code = error === undefined ? undefined : MeshError.from(error).code;
    const tookMs = performance.now() - started;
    observer?.({ kind, header, traceId: traceIdOf(span.context), at, tookMs, error: code });
  };
  try {
    const stored = await store();
    tell();
    return stored;
  } catch (error) {
    tell(error);
    throw error;
  }
}
