// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Observer } from "../pipeline/observation.ts";
import { traceIdOf } from "../telemetry/propagation.ts";
import type { Committed } from "./committed.ts";

/** Tells an observer of what a commit announced. */
export function observeCommit({ composition, tookMs }: Committed, observer: Observer): void {
  for (const { announced } of composition.messages) {
    if (announced === undefined) continue;
    const { header, span } = announced;
    const at = Date.now() - tookMs;
    observer({ kind: "published", header, traceId: traceIdOf(span.context), at, tookMs, error: undefined });
  }
}
