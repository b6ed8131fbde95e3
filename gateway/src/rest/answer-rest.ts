// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { JsonValue, Message } from "@bufbuild/protobuf";
import { type Host, MeshError } from "@parley/mesh";
import { endedBy, isStream, type Reply, type Response } from "@parley/mesh/calls";
import { callIn } from "../call-in.ts";
import { beginExchange, type Exchange, one } from "../exchange.ts";
import { idsOf } from "../told.ts";
import { endWith, type Visit } from "../visit.ts";
import { headless, write } from "../write.ts";
import { anyBody, anyBodyJson, givesAnyBody, takesAnyBody } from "./any-body.ts";
import { askedTime } from "./asked-time.ts";
import { messageIdFor, readIdempotencyKey } from "./idempotency-key.ts";
import { assertJson, assertPlain, assertTakesJson, streamFormat, streamTypes } from "./media.ts";
import { problem, problemOf } from "./problem.ts";
import { readBody, textOf } from "./read-body.ts";
import { RefusedRequest } from "./refused-request.ts";
import { requestMessage } from "./request-message.ts";
import type { RequestPath } from "./request-path.ts";
import type { Route } from "./route.ts";
import { assertSameSite } from "./same-site.ts";
import { StreamBody } from "./stream-body.ts";

/** A request that found its route. */
export interface RestVisit extends Visit {
  readonly route: Route;
  readonly path: RequestPath;
  /** Without its question mark. */
  readonly query: string;
  readonly send: Host["send"];
}

/** Answers a request by the method that its route names: as JSON, a stream as events or lines, an error as a problem. */
export function answerRest(visit: RestVisit): void {
  const { route, request, response, clock, closing } = visit;
  const { contract } = route;
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const signal = contract.kind === "unary" ? gone.signal : AbortSignal.any([gone.signal, closing]);
  const exchange = beginExchange({ contract, request, signal, clock });
  endWith(response, exchange);
  for (const [name, value] of idsOf(exchange)) response.setHeader(name, value);
  respond(visit, exchange).catch((thrown: unknown) => {
    const refused = thrown instanceof RefusedRequest ? thrown : undefined;
    exchange.error = refused?.error ?? MeshError.from(thrown);
    if (response.headersSent) response.destroy();
    else write(response, headless(request, problem(exchange.error, { status: refused?.status })));
  });
}

async function respond(visit: RestVisit, exchange: Exchange): Promise<void> {
  const { request, response, route } = visit;
  const { accept } = request.headers;
  assertSameSite(request);
  const format = route.contract.kind === "unary" ? undefined : streamFormat(accept);
  const isAny = givesAnyBody(route.binding);
  if (format === undefined && !isAny) assertTakesJson(accept);
  if (format !== undefined && request.method === "HEAD") {
    return write(response, { status: 200, headers: [["content-type", streamTypes[format]]] });
  }
  const reply = await call(visit, exchange);
  response.setHeader("cache-control", "no-store");
  response.setHeader("x-content-type-options", "nosniff");
  if (format === undefined || !isStream(reply)) {
    const json = jsonOf(route, reply as Message);
    if (isAny) return write(response, headless(request, anyBody(json)));
    const body = JSON.stringify(json);
    return write(response, headless(request, { status: 200, headers: [["content-type", "application/json"]], body }));
  }
  response.setHeader("content-type", streamTypes[format]);
  // Tells proxies that would collect an answer before they pass it on.
  response.setHeader("x-accel-buffering", "no");
  sendHeaders(response);
  using body = new StreamBody(response, format);
  try {
    for await (const message of endedBy(reply, exchange.signal)) await body.message(jsonOf(route, message));
    body.end();
  } catch (thrown) {
    exchange.error = MeshError.from(thrown);
    body.fail(problemOf(exchange.error));
  }
}

/** At once: the first message may be long in coming. */
function sendHeaders(response: Response): void {
  response.statusCode = 200;
  if ("flushHeaders" in response) response.flushHeaders();
  else response.writeHead(200);
}

async function call(visit: RestVisit, exchange: Exchange): Promise<Reply> {
  const { request, response, route, path, query, send } = visit;
  const { headers } = request;
  const time = askedTime(one(headers["prefer"]), one(headers["x-timeout"]));
  if (time.applied !== undefined) response.setHeader("preference-applied", time.applied);
  const idempotencyKey = readIdempotencyKey(one(headers["idempotency-key"]), route.contract);
  const body = await bodyText(visit);
  const message = requestMessage(route, { path, query, body, idempotencyKey });
  if (idempotencyKey !== undefined && route.contract.idempotencyKey === undefined) {
    exchange.header = { ...exchange.header, messageId: messageIdFor(idempotencyKey, route.contract) };
  }
  return callIn(exchange, message, { timeoutMs: time.timeoutMs, send });
}

/** The body as ProtoJSON; empty where there is none. */
async function bodyText({ request, route }: RestVisit): Promise<string> {
  const { headers } = request;
  const body = await readBody(request);
  if (body.byteLength === 0) return "";
  assertPlain(headers["content-encoding"]);
  if (takesAnyBody(route.binding)) return anyBodyJson(headers["content-type"], body);
  assertJson(headers["content-type"]);
  return textOf(body);
}

/** A message of the answer as the contract wants it in the body: whole, or one field of it. */
function jsonOf({ binding, json }: Route, message: Message): JsonValue {
  const whole = json.write(binding.desc.output, message);
  const field = binding.responseBody;
  if (field === undefined) return whole;
  const value = typeof whole === "object" && whole !== null && !Array.isArray(whole) ? whole[field.name] : undefined;
  return value ?? null;
}
