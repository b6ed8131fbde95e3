// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Message } from "@bufbuild/protobuf";
import type { Clock } from "../clock.ts";
import type { MethodContract } from "../contracts/policy.ts";
import { newId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import { logger } from "../telemetry/logger.ts";
import { recordFallback } from "../telemetry/metrics.ts";
import type { Outgoing } from "./outgoing.ts";
import { isStream, type Next, type Step } from "./step.ts";

/** A method that takes over from another one, and how. */
export interface TakingOver {
  readonly contract: MethodContract;
  /** Undefined: it cannot take this one over. */
  readonly request: (request: Message, error: MeshError) => Message | undefined;
  readonly reply: (reply: Message) => Message;
}

/** What the fallback step needs. */
export interface FallBackInit {
  readonly clock: Clock;
  /** What takes over when an agent calls a method. */
  readonly find: (agent: string, contract: MethodContract) => TakingOver | undefined;
  /** The whole client pipeline. */
  readonly send: Next<Outgoing>;
}

/** Failures of the callee, or of the way to it. What is wrong with a request stays wrong elsewhere. */
const passable: ReadonlySet<string> = new Set(["TRANSIENT", "RATE_LIMIT", "UNAVAILABLE", "TIMEOUT"]);

/**
 * Whether another method may take over after this error: it has surely not run, somebody still waits for it, and it is not the
 * request that is wrong or too late.
 */
export function mayFallBack({ code, errorClass, mayHaveRun }: MeshError): boolean {
  return !mayHaveRun && passable.has(errorClass) && code !== "CANCELED" && code !== "EXPIRED";
}

/**
 * Lets another method answer a call that has failed for good and has surely not run, when its contract names one, in what is
 * left of the call's time. It is a call of its own: with its own retries, permission and trace, and maybe its own fallback. That
 * nobody said how is told to the log once for each method.
 */
export function fallBack({ clock, find, send }: FallBackInit): Step<Outgoing> {
  const unmapped = new Set<string>();
  return async (outgoing, next) => {
    // Later steps put those of an attempt in their place.
    const { contract, header, signal, timeoutMs, trace } = outgoing;
    if (contract.fallback === undefined) return next(outgoing);
    const started = clock.now();
    try {
      return await next(outgoing);
    } catch (thrown) {
      const error = MeshError.from(thrown);
      const leftMs = timeoutMs - (clock.now() - started);
      if (!mayFallBack(error) || signal?.aborted || leftMs <= 0) throw error;
      const other = find(header.sourceAgentId, contract);
      if (other === undefined && !unmapped.has(contract.name)) {
        unmapped.add(contract.name);
        const text = `"${contract.name}" failed, and agent "${header.sourceAgentId}" has no fallback(…) to "${contract.fallback}"`;
        logger.warn({ err: error, agent_id: header.sourceAgentId, operation: contract.name }, text);
      }
      const request = other && mapped(other, outgoing, error);
      if (other === undefined || request === undefined) throw error;
      recordFallback({ from: contract.name, to: other.contract.name, error });
      const reply = await send({
        contract: other.contract,
        request,
        timeoutMs: Math.min(other.contract.totalTimeoutMs, leftMs),
        header: {
          ...header,
          messageId: newId(),
          targetAgentId: other.contract.agent,
          messageType: other.contract.desc.input.typeName,
          name: other.contract.name,
          timestamp: clock.now(),
          attempt: 1,
        },
        trace,
        signal,
        remainingMs: other.contract.timeoutMs,
      }).catch((failure: unknown) => {
        throw afterBoth(contract.name, error, MeshError.from(failure));
      });
      return reply === undefined || isStream(reply) ? reply : other.reply(reply);
    }
  };
}

/** A mapper that fails has nobody to tell but the log: its caller is to know why the call failed. */
function mapped({ request, contract }: TakingOver, outgoing: Outgoing, error: MeshError): Message | undefined {
  try {
    return request(outgoing.request, error);
  } catch (thrown) {
    const text = `the fallback from "${outgoing.contract.name}" to "${contract.name}" cannot make its request`;
    logger.warn({ err: thrown, operation: outgoing.contract.name }, text);
    return undefined;
  }
}

function afterBoth(name: string, first: MeshError, second: MeshError): MeshError {
  return second.with({ message: `${second.message}; it took over from "${name}", which failed: ${first.message}` });
}
