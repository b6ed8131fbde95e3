// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Observer } from "../pipeline/observation.ts";
import { traceIdOf } from "../telemetry/propagation.ts";
import type { Committed } from "./committed.ts";

/** Tells an observer of what a commit announced and sent. */
export function observeCommit({ composition, tookMs }: Committed, observer: Observer): void {
  for (const { announced } of composition.messages) {
    if (announced === undefined) continue;
    const { kind, header, span } = announced;
    const at = Date.now() - tookMs;
    observer({ kind, header, traceId: traceIdOf(span.context), at, tookMs, error: undefined });
  }
}
