// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { trace } from "@opentelemetry/api";
import { headerFor, type MessageHeader } from "../../mesh/src/header.ts";
import { MeshError } from "../../mesh/src/mesh-error.ts";
import {
  recordBreakerState,
  recordDeadLetter,
  recordFallback,
  recordLeftBehind,
  recordRefusedRetry,
  recordRetry,
} from "../../mesh/src/telemetry/metrics.ts";
import { extract, inject, rootTrace, type TraceContext, traceIdOf } from "../../mesh/src/telemetry/propagation.ts";
import { watchQueues } from "../../mesh/src/telemetry/queue-gauges.ts";
import {
  noteServer,
  startCallSpan,
  startProcessSpan,
  startSendSpan,
  startServeSpan,
} from "../../mesh/src/telemetry/tracing.ts";
import { streamWithin, within } from "../../mesh/src/telemetry/within.ts";

const method = "shop.v1.ShopService/Buy";
const type = "shop.v1.ShopItemSold";
const transient = new MeshError({ code: "CONNECTION_LOST", message: "the line broke" });

/** What crossed from one side to the other. */
export interface Story {
  readonly callHeaders: Readonly<Record<string, string>>;
  readonly eventHeaders: Readonly<Record<string, string>>;
  /** Trace ids where the call began and in the last hearer below it. */
  readonly traceIds: readonly [string, string];
}

/** One call, retried once, whose handler publishes an event that is heard; then what goes wrong. */
export async function tellStory(): Promise<Story> {
  const header = headerFor({ ...sent, sourceAgentId: "customer", targetAgentId: "shop", name: method });
  const root = rootTrace();
  const call = startCallSpan({ header, method, parent: root });
  noteServer(call.context, "127.0.0.1:4242");
  recordRetry({ side: "call", operation: method, error: transient, delayMs: 5, trace: call.context });
  const callHeaders = carried(call.context);
  const eventHeaders = await serve(header, callHeaders);
  call.end();
  call.end(new Error("a second end does not count"));
  const traceId = hear(header, eventHeaders);
  await failures(header);
  return { callHeaders, eventHeaders, traceIds: [traceIdOf(call.context), traceId] };
}

const sent = { messageType: "shop.v1.BuyRequest", timestamp: 1, conversationId: "talk-1" };

async function serve(header: MessageHeader, headers: Record<string, string>): Promise<Record<string, string>> {
  const span = startServeSpan({
    header,
    method,
    agent: "shop",
    door: "http",
    parent: extract((name) => headers[name]),
  });
  const eventHeaders = await within(span.context, async () => {
    await Promise.resolve();
    trace.getTracer("author").startSpan("author's own").end();
    return send(span.context, header);
  });
  for await (const _ of streamWithin(span.context, ownSpans())) break;
  span.end();
  return eventHeaders;
}

async function* ownSpans(): AsyncGenerator<number> {
  try {
    trace.getTracer("author").startSpan("author's in stream").end();
    yield 1;
  } finally {
    trace.getTracer("author").startSpan("author's at stream end").end();
  }
}

function send(at: TraceContext, cause: MessageHeader): Record<string, string> {
  const header = headerFor({ ...sent, messageType: type, sourceAgentId: "shop", name: "SHOP_ITEM_SOLD" }, cause);
  const span = startSendSpan({ header, subject: "parley.jrn.shop.out.evt.medium.sold.k1", parent: at });
  const headers = carried(span.context);
  span.end();
  return headers;
}

function hear(cause: MessageHeader, headers: Record<string, string>): string {
  const header = headerFor({ ...sent, messageType: type, sourceAgentId: "shop", name: "SHOP_ITEM_SOLD" }, cause);
  const parent = extract((name) => headers[name]);
  const hearer = { type, agent: "stock", hearer: "reorder", parent };
  const first = startProcessSpan({ ...hearer, header, ageMs: 250 });
  first.end(transient);
  const second = startProcessSpan({ ...hearer, header: { ...header, attempt: 2 }, ageMs: 59_999 });
  second.end();
  startProcessSpan({ ...hearer, header: { ...header, attempt: 3 }, ageMs: 60_000 }).end();
  return traceIdOf(second.context);
}

async function failures(header: MessageHeader): Promise<void> {
  const served = (name: string) =>
    startServeSpan({ header, method: name, agent: "shop", door: "local", parent: rootTrace() });
  served("shop.v1.ShopService/Refuse").end(new MeshError({ code: "REFUSED", message: "sold out" }));
  served("shop.v1.ShopService/Crash").end(new TypeError("x is not a function"));
  const call = startCallSpan({ header, method: "shop.v1.ShopService/Refuse", parent: rootTrace() });
  noteServer(call.context, undefined);
  call.end(new MeshError({ code: "REFUSED", message: "sold out" }));
  recordDeadLetter("stock/reorder", type, transient);
  recordBreakerState({ method }, "open");
  recordBreakerState({ agent: "stock", hearer: "reorder" }, "half_open");
  recordBreakerState({ service: "shop.v1.ShopService", outside: "smtp" }, "closed");
  recordRefusedRetry(method, transient);
  for (const change of [1, 1, -1] as const) recordLeftBehind({ agent: "shop", operation: method }, change);
  recordFallback({ from: method, to: "shop.v1.ShopService/Send", error: transient });
  watchQueues(async () => [{ agent: "stock", hearer: "reorder", depth: 7, inFlight: 2, dead: 3 }]);
  watchQueues(async () => {
    throw new Error("this reader's loss is its own");
  });
}

function carried(at: TraceContext): Record<string, string> {
  const headers: Record<string, string> = {};
  inject(at, (name, value) => {
    headers[name] = value;
  });
  return headers;
}
