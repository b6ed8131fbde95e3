// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MeshError } from "../mesh-error.ts";
import { logger, traceFields } from "./logger.ts";
import type { TraceContext } from "./propagation.ts";
import type { SpanInit, SpanShape } from "./span-shape.ts";

/** A call or message that is over, as one side saw it. */
export interface Communication<I extends SpanInit> {
  readonly shape: SpanShape<I>;
  readonly init: I;
  readonly context: TraceContext;
  readonly durationMs: number;
  readonly error: MeshError | undefined;
}

/**
 * Logs it at level info; at level error, with the stack, when a handler failed in a way that its author did not foresee,
 * because its caller is told no more than INTERNAL.
 */
export function logCommunication<I extends SpanInit>(communication: Communication<I>): void {
  const { shape, init, error } = communication;
  const crashed = error?.code === "INTERNAL" && (shape.side === "serve" || shape.side === "process");
  if (!logger.isLevelEnabled(crashed ? "error" : "info")) return;
  const { agent, target } = shape.agents(init);
  const fields = {
    side: shape.side,
    agent_id: agent,
    operation: shape.operation(init),
    target_module: target,
    correlation_id: init.header.correlationId,
    duration_ms: Math.round(communication.durationMs * 1000) / 1000,
    error_code: error?.code,
    ...traceFields(communication.context),
  };
  if (crashed) logger.error({ ...fields, err: error.cause ?? error }, "handler failed");
  else logger.info(fields, error === undefined ? "communication" : `communication failed: ${error.message}`);
}
