// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import type { Clock, MeshError, MessageHeader } from "@parley/mesh";
import { extract, headerFor, type OpenSpan, type Request, startServeSpan } from "@parley/mesh/calls";
import type { MethodContract } from "@parley/mesh/contracts";
import { undecodable } from "./undecodable.ts";

/** One call from outside, from its first header to its last byte. */
export interface Exchange {
  readonly contract: MethodContract;
  /** Of the call into the mesh: new, whatever the client sent. */
  header: MessageHeader;
  readonly span: OpenSpan;
  /** Aborts when the client gives up, or the gateway must end. */
  readonly signal: AbortSignal;
  /** Why the call is refused whatever it asks. */
  readonly refusal: MeshError | undefined;
  /** Whether the request could be read, so that from now on its handler may run. */
  entered: boolean;
  /** How it failed. */
  error: MeshError | undefined;
}

/** What an exchange is begun with. */
export interface ExchangeInit {
  readonly contract: MethodContract;
  readonly request: Request;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** The agent that speaks for everybody outside of the mesh. */
export const gatewayAgent = "gateway";

/** A longer id would not fit into the headers of a call within the mesh, where it stands twice. */
const maxConversationId = 200;

/** What an id of a flow looks like that a client may choose: no spaces, nothing to be escaped. */
const correlationPattern = /^[\x21-\x7e]{1,128}$/;

/**
 * Begins an exchange. Of the client's headers only its trace (`traceparent`, `tracestate`), `X-Conversation-ID` and
 * `X-Correlation-ID` are looked at, by which it can find its calls again: who it says it is, and whatever else the mesh's own
 * headers hold, is never read and so goes nowhere.
 */
export function beginExchange({ contract, request, signal, clock }: ExchangeInit): Exchange {
  const { traceparent, tracestate } = request.headers;
  const trace = new Map(Object.entries({ traceparent, tracestate }));
  const conversationId = one(request.headers["x-conversation-id"]);
  const correlationId = one(request.headers["x-correlation-id"]);
  const refusal = refusalOf(conversationId, correlationId);
  const minted = headerFor({
    sourceAgentId: gatewayAgent,
    targetAgentId: contract.agent,
    conversationId: refusal === undefined ? conversationId : undefined,
    messageType: contract.desc.input.typeName,
    name: contract.name,
    timestamp: clock.now(),
  });
  const header = correlationId === undefined || refusal !== undefined ? minted : { ...minted, correlationId };
  const span = startServeSpan({
    header,
    parent: extract((name) => one(trace.get(name))),
    method: contract.name,
    agent: gatewayAgent,
    door: "http",
  });
  return { contract, header, span, signal, refusal, entered: false, error: undefined };
}

/** Under which an exchange travels beside its request. */
export const exchangeKey = createContextKey<Exchange | undefined>(undefined);

/** The exchange that a call belongs to; undefined for what the gateway answers itself. */
export function exchangeOf(context: HandlerContext): Exchange | undefined {
  return context.values.get(exchangeKey);
}

/** The value of a header, the first one of several; unset where it is empty. */
export function one(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === "string" ? value : value?.[0];
  return text === "" ? undefined : text;
}

function refusalOf(conversationId = "", correlationId = "-"): MeshError | undefined {
  if (conversationId.length > maxConversationId) {
    return undecodable(`header "x-conversation-id" is longer than ${maxConversationId} characters`);
  }
  if (correlationPattern.test(correlationId)) return undefined;
  return undecodable('header "x-correlation-id" must be 1 to 128 visible ASCII characters');
}
