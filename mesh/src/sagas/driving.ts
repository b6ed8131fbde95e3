// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, DescMethod, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { SagaStarted } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { Traffic } from "../broker/traffic.ts";
import type { Caller } from "../calls/caller.ts";
import type { Clock } from "../clock.ts";
import type { Contracts } from "../contracts/contracts.ts";
import { crashPoint } from "../crash-point.ts";
import type { MessageHeader } from "../header.ts";
import type { CommitOrigin, Journals } from "../journal/journals.ts";
import { MeshError } from "../mesh-error.ts";
import { isStream } from "../pipeline/step.ts";
import { retryDelayMs } from "../resilience/retry-schedule.ts";
import type { TraceContext } from "../telemetry/propagation.ts";
import type { Mailbox } from "./mailbox.ts";
import { type SagaId, stepId, undoId } from "./saga-id.ts";

/** What driving sagas takes. */
export interface SagaGround {
  readonly clock: Clock;
  readonly random: () => number;
  readonly contracts: Contracts;
  readonly journals: Journals;
  readonly caller: Caller;
  readonly mailbox: Mailbox;
  /** Is told while a saga moves without asking anybody. */
  readonly traffic: Traffic | undefined;
  /** A method by `package.Service/Method`, of this host's contracts or of whoever serves it now. */
  readonly methodNamed: (name: string) => Promise<DescMethod | undefined>;
}

/** One time that a saga is driven on. */
export interface Driving {
  readonly ground: SagaGround;
  readonly id: SagaId;
  readonly domain: string;
  /** How its run began. */
  readonly started: SagaStarted;
  readonly trace: TraceContext;
  /** Whether what was to move it must be lost: then what it has said to sagas that it began is said again. */
  readonly isLost: boolean;
  /** Aborts when the host gives the saga back. */
  readonly signal: AbortSignal;
}

/** What a call of a step came to. */
export type CallOutcome =
  | { readonly kind: "replied"; readonly reply: Message }
  | { readonly kind: "failed"; readonly error: MeshError }
  | {
      readonly kind: "delayed";
      readonly error: MeshError;
      readonly delayMs: number;
      /** Tries that the next one comes after. */
      readonly attempts: number;
    };

/** A step's call, or the one that undoes it. */
export interface StepCall {
  readonly step: string;
  readonly isUndo: boolean;
  readonly method: DescMethodUnary<DescMessage, DescMessage>;
  readonly request: Message;
  /** Number of this try, from 1. */
  readonly attempt: number;
  /** Whether the step has an undo. */
  readonly undoable: boolean;
}

/**
 * Calls a step once, with the retries that the contract allows within one call. What may pass is to be tried again later, by
 * the schedule of the contract; the id stays the same, so callees that commit have one effect.
 */
export async function callStep(driving: Driving, call: StepCall): Promise<CallOutcome> {
  const { ground, id, started, trace, signal } = driving;
  const { step, isUndo, method, request, attempt, undoable } = call;
  const name = { sagaId: id.id, run: started.run, step };
  const forward = stepId(name);
  try {
    crashPoint(isUndo ? "saga.before-undo" : "saga.before-call", id.saga);
    const reply = await ground.caller.call(method, request, {
      source: id.agent,
      cause: { header: sagaHeader(driving), trace, signal, remainingMs: () => Number.POSITIVE_INFINITY },
      options: {},
      messageId: isUndo ? undoId(name) : forward,
      ...(isUndo ? { undoes: forward } : { undoable }),
    });
    crashPoint(isUndo ? "saga.after-undo" : "saga.after-call", id.saga);
    if (reply === undefined || isStream(reply)) throw new Error(`"${step}" gave no message`);
    return { kind: "replied", reply };
  } catch (thrown) {
    // Given back, not failed: whoever drives it next does the step again.
    signal.throwIfAborted();
    const error = MeshError.from(thrown);
    // That somebody works on the callee is no failure of the step, however long it takes.
    if (error.code === "MAINTENANCE") {
      return { kind: "delayed", error, delayMs: error.retryAfterMs ?? 0, attempts: attempt - 1 };
    }
    const plans = ground.contracts.method(method).retries;
    const passing = plans.has(error.errorClass) || !mayPass.has(error.errorClass);
    const foreseen = passing ? error : error.with({ errorClass: "TRANSIENT" });
    const delayMs = retryDelayMs(plans, { error: foreseen, attempt }, ground.random());
    if (delayMs === undefined) return { kind: "failed", error };
    return { kind: "delayed", error, delayMs, attempts: attempt };
  }
}

/** Classes that are retried like TRANSIENT ones where the contract has no schedule of their own for them, as on the durable path. */
const mayPass: ReadonlySet<string> = new Set(["INTERNAL", "TIMEOUT", "CONFLICT"]);

/** Because of what a saga sends: the message that began it, whenever that was, so that hops do not grow with time. */
export function sagaHeader({ id, started }: Pick<Driving, "id" | "started">): MessageHeader {
  return {
    messageId: started.startId,
    correlationId: started.correlationId,
    conversationId: started.conversationId === "" ? undefined : started.conversationId,
    workflowId: id.id,
    sourceAgentId: id.agent,
    messageType: started.inputType,
    name: id.saga,
    timestamp: 0,
    attempt: 1,
    hops: started.hops,
  };
}

/** Who writes to a saga's history, and because of what. */
export interface SagaWriter {
  readonly agent: string;
  readonly domain: string;
  readonly cause: MessageHeader | undefined;
  readonly trace: TraceContext;
  readonly signal: AbortSignal | undefined;
}

/** How a saga's history is committed. Its own position says whether something was stored, so no mark is needed. */
export function sagaOrigin({ agent, domain, cause, trace, signal }: SagaWriter): CommitOrigin {
  return {
    source: agent,
    cause,
    trace,
    signal,
    domain,
    causeId: undefined,
    isKept: false,
    mayRepeat: false,
    // What is announced with it is the mesh's own.
    assertMayPublish: () => {},
    assertMayDispatch: () => {},
  };
}
