// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { Clock } from "../clock.ts";
import type { Contracts } from "../contracts/contracts.ts";
import type { MethodContract } from "../contracts/policy.ts";
import { headerFor, type MessageHeader } from "../header.ts";
import type { Outgoing } from "../pipeline/outgoing.ts";
import type { Next, Reply } from "../pipeline/step.ts";
import { rootTrace, type TraceContext } from "../telemetry/propagation.ts";
import type { CallOptions } from "./client.ts";

/** Because of what a call is made: the message being handled, its trace, and how long its sender still waits. */
export interface Cause {
  readonly header: MessageHeader;
  readonly trace: TraceContext;
  /** Ends when the handler's time is over; onward calls end with it. */
  readonly signal: AbortSignal;
  /** Milliseconds that the handler has left. */
  remainingMs(): number;
}

/** What a caller is made of. */
export interface CallerInit {
  readonly clock: Clock;
  readonly contracts: Contracts;
  /** The client pipeline, ending in a channel. */
  readonly send: Next<Outgoing>;
}

/** Starts calls: gives each its header, its trace and its total time, and sends it down the client pipeline. */
export class Caller {
  readonly #init: CallerInit;

  constructor(init: CallerInit) {
    this.#init = init;
  }

  /** Calls as `source`, because of `cause` (undefined: of nothing, which begins a flow). */
  async call(method: DescMethod, request: Message, from: CallOrigin): Promise<Reply> {
    const { clock, contracts, send } = this.#init;
    const { source, cause, options } = from;
    const contract = contracts.method(method);
    return send({
      contract,
      request,
      timeoutMs: totalMs(contract, options.timeoutMs, cause?.remainingMs()),
      header: headerFor(
        {
          messageId: from.messageId,
          undoable: from.undoable,
          undoes: from.undoes,
          sourceAgentId: source,
          targetAgentId: options.target ?? contract.agent,
          conversationId: options.conversationId,
          messageType: method.input.typeName,
          name: contract.name,
          timestamp: clock.now(),
        },
        cause?.header,
      ),
      trace: cause?.trace ?? rootTrace(),
      signal: joined(options.signal, cause?.signal),
      remainingMs: contract.timeoutMs,
    });
  }
}

/** Who calls, because of what, and how. */
export interface CallOrigin {
  readonly source: string;
  readonly cause: Cause | undefined;
  readonly options: CallOptions;
  /** Id of the call; default: a new one. */
  readonly messageId?: string | undefined;
  /** See {@link MessageHeader.undoable}. */
  readonly undoable?: boolean | undefined;
  /** See {@link MessageHeader.undoes}. */
  readonly undoes?: string | undefined;
}

function totalMs(
  contract: MethodContract,
  ownMs = Number.POSITIVE_INFINITY,
  causeMs = Number.POSITIVE_INFINITY,
): number {
  return Math.min(contract.totalTimeoutMs, ownMs, causeMs);
}

function joined(own: AbortSignal | undefined, cause: AbortSignal | undefined): AbortSignal | undefined {
  if (own === undefined || cause === undefined) return own ?? cause;
  return AbortSignal.any([own, cause]);
}
