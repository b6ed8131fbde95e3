// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Attributes, SpanKind, trace } from "@opentelemetry/api";
import { type OpenSpan, openSpan } from "./open-span.ts";
import type { TraceContext } from "./propagation.ts";
import { attribute, ownAttribute } from "./semantic-names.ts";
import {
  clientFailure,
  headerDetails,
  messageDetails,
  messagingFailure,
  messagingIdentity,
  rpcIdentity,
  serverFailure,
} from "./span-attributes.ts";
import type { SpanInit, SpanShape } from "./span-shape.ts";

/** What the span of a call is begun with. */
export interface CallSpanInit extends SpanInit {
  /** `package.Service/Method` */
  readonly method: string;
}

/** What the span of a served call is begun with. */
export interface ServeSpanInit extends SpanInit {
  /** `package.Service/Method` as the contract writes it: never what a stranger sent. */
  readonly method: string;
  /** Agent that serves it. */
  readonly agent: string;
  readonly door: "local" | "http";
}

/** What the span of a message that is sent is begun with. */
export interface SendSpanInit extends SpanInit {
  /** Subject that it is published to. */
  readonly subject: string;
}

/** What the span of one try of a hearer is begun with. */
export interface ProcessSpanInit extends SpanInit {
  /** Full type name of the event, as the contract writes it. */
  readonly type: string;
  readonly agent: string;
  readonly hearer: string;
  /** Milliseconds since the message was sent, or was due, by the clock that its timestamp is from. */
  readonly ageMs: number;
}

/** A try within this time after sending stands below the sender's span, a later one in a trace of its own. */
const sameTraceMs = 60_000;

const callShape: SpanShape<CallSpanInit> = {
  side: "call",
  kind: SpanKind.CLIENT,
  operation: ({ method }) => method,
  name: ({ method }) => method,
  agents: ({ header }) => ({ agent: header.sourceAgentId, target: header.targetAgentId }),
  identity: ({ method }) => rpcIdentity(method),
  details: ({ header }) => headerDetails(header),
  failure: clientFailure,
  measure: ({ callDuration }, { durationS, attributes }) => callDuration.record(durationS, attributes),
};

const serveShape: SpanShape<ServeSpanInit> = {
  side: "serve",
  kind: SpanKind.SERVER,
  operation: ({ method }) => method,
  name: ({ method }) => method,
  agents: ({ agent }) => ({ agent, target: agent }),
  identity: ({ method }) => rpcIdentity(method),
  details: ({ header, agent, door }) => ({
    ...headerDetails(header),
    [ownAttribute.agent]: agent,
    [ownAttribute.door]: door,
  }),
  failure: serverFailure,
  measure: ({ serveDuration }, { durationS, attributes }) => serveDuration.record(durationS, attributes),
};

const sendShape: SpanShape<SendSpanInit> = {
  side: "send",
  kind: SpanKind.PRODUCER,
  operation: ({ header }) => header.messageType,
  name: ({ header }) => `send ${header.messageType}`,
  agents: ({ header }) => ({ agent: header.sourceAgentId, target: header.targetAgentId }),
  identity: ({ header }) => messagingIdentity("send", header.messageType),
  details: ({ header, subject }) => ({ ...messageDetails(header), [attribute.messagingDestination]: subject }),
  failure: messagingFailure,
  measure({ messagingDuration, sent }, { durationS, attributes }) {
    messagingDuration.record(durationS, attributes);
    sent.add(1, attributes);
  },
};

const processShape: SpanShape<ProcessSpanInit> = {
  side: "process",
  kind: SpanKind.CONSUMER,
  operation: ({ type }) => type,
  name: ({ type }) => `process ${type}`,
  agents: ({ agent }) => ({ agent, target: agent }),
  identity: processIdentity,
  details: ({ header, agent, hearer }) => ({
    ...messageDetails(header),
    [ownAttribute.agent]: agent,
    [ownAttribute.hearer]: hearer,
  }),
  failure: messagingFailure,
  place({ parent, ageMs }) {
    const sender = trace.getSpanContext(parent);
    return {
      parent: ageMs < sameTraceMs ? parent : trace.deleteSpan(parent),
      links: sender === undefined ? [] : [{ context: sender }],
    };
  },
  measure({ processDuration, consumed, latency }, { durationS, attributes, init }) {
    processDuration.record(durationS, attributes);
    consumed.add(1, attributes);
    if (init.header.attempt === 1) latency.record(Math.max(0, init.ageMs) / 1000, processIdentity(init));
  },
};

function processIdentity({ type, agent, hearer }: ProcessSpanInit): Attributes {
  return { ...messagingIdentity("process", type), [attribute.messagingConsumerGroup]: `${agent}/${hearer}` };
}

/**
 * Begins the span of a call at its caller, over all its tries (metric `rpc.client.call.duration`). End it when the reply
 * is over; {@link noteServer} tells it where the call went.
 */
export function startCallSpan(init: CallSpanInit): OpenSpan {
  return openSpan(callShape, init);
}

/** Begins the span of a call at its handler (metric `rpc.server.call.duration`). End it when the reply is over. */
export function startServeSpan(init: ServeSpanInit): OpenSpan {
  return openSpan(serveShape, init);
}

/**
 * Begins the span of publishing one message (metrics `messaging.client.operation.duration`, `…sent.messages`). Inject its
 * context into the message; end it when the broker has stored it.
 */
export function startSendSpan(init: SendSpanInit): OpenSpan {
  return openSpan(sendShape, init);
}

/**
 * Begins the span of one try of a hearer (metrics `messaging.process.duration`, `messaging.client.consumed.messages`). It
 * always links to the sender's span, and is its child too while the message is younger than a minute: a retry after
 * seconds belongs to the story that somebody is looking at, a wake-up after a day does not.
 */
export function startProcessSpan(init: ProcessSpanInit): OpenSpan {
  return openSpan(processShape, init);
}

/** Tells the span of a call which server it went to last: host and port, or undefined for this process. */
export function noteServer(at: TraceContext, address: string | undefined): void {
  const span = trace.getSpan(at);
  if (!span?.isRecording()) return;
  span.setAttribute(ownAttribute.door, address === undefined ? "local" : "http");
  const url = address === undefined ? null : URL.parse(`http://${address}`);
  if (url === null) return;
  span.setAttribute(attribute.serverAddress, url.hostname);
  span.setAttribute(attribute.serverPort, Number(url.port || 80));
}
