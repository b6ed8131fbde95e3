// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Gateway, openGateway } from "@parley/gateway";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { echoAgent, echoState } from "../agents/echo-agent.ts";
import { type Collector, startCollector } from "../telemetry/collector.ts";
import type { CollectedSpan } from "../telemetry/otlp.ts";
import { jsonCall } from "../tools/json-call.ts";
import { until } from "../tools/until.ts";

const echo = "parley.test.v1.EchoService/Echo";
const state = echoState();
let collector: Collector;
let agents: TestMesh;
let edge: TestMesh;
let gateway: Gateway;

beforeAll(async () => {
  collector = await startCollector();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url);
  vi.stubEnv("OTEL_BSP_SCHEDULE_DELAY", "20");
  agents = await testMesh({ agents: [echoAgent(state)] });
  edge = await testMesh({ agents: [], namespace: agents.namespace, clock: agents.clock });
  await until(() => edge.directory.all().length === 1);
  gateway = await openGateway({ host: edge, port: 0, exposure: "PUBLIC" });
});

afterAll(async () => {
  await gateway.drain();
  await edge.drain();
  await agents.drain();
  await collector[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

/** The spans of a trace, once there are so many: one ends after its response has left. */
async function spansOf(traceId: string | null, count: number): Promise<readonly CollectedSpan[]> {
  const ofTrace = (spans: readonly CollectedSpan[]) => spans.filter((span) => span.traceId === traceId);
  return ofTrace(await collector.until((spans) => ofTrace(spans).length === count));
}

test("a call from outside, on to an agent elsewhere, is one trace below the client's span", async () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const client = "00f067aa0ba902b7";
  const headers = { traceparent: `00-${traceId}-${client}-01` };
  const { body } = await jsonCall(gateway.url, echo, { text: "traced" }, { headers });

  const spans = await spansOf(traceId, 3);
  const below = (id: string | undefined) => spans.find(({ parentSpanId }) => parentSpanId === id);
  const outside = below(client);
  const inward = below(outside?.spanId);
  const handler = below(inward?.spanId);
  expect(outside).toMatchObject({ name: echo, kind: "SERVER", attributes: { "parley.agent": "gateway" } });
  expect(inward).toMatchObject({ name: echo, kind: "CLIENT", attributes: { "parley.door": "http" } });
  expect(handler).toMatchObject({ name: echo, kind: "SERVER", attributes: { "parley.agent": "test.echo" } });
  // The flow that the answer tells of is the one that the spans tell of.
  const { correlationId } = body as { correlationId: string };
  for (const span of spans) expect(span.attributes["parley.correlation.id"]).toBe(correlationId);
});

test("a call that never gets into the mesh has its span, with the error", async () => {
  for (const [request, headers, code] of [
    ["{", {}, "UNDECODABLE"],
    ["{}", { "content-type": "text/plain" }, "UNDECODABLE"],
    [`{"text":"${"x".repeat(5_000_000)}"}`, {}, "TOO_LARGE"],
  ] as const) {
    const answer = await jsonCall(gateway.url, echo, request, { headers });
    const [span] = await spansOf(answer.headers.get("x-trace-id"), 1);
    expect(span).toMatchObject({ kind: "SERVER", attributes: { "parley.error.code": code } });
  }
});

test("a call whose client has gone has its span, and ends the ones below", async () => {
  const giveUp = new AbortController();
  const traceId = "5bf92f3577b34da6a3ce929d0e0e4736";
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
  const request = { text: "gone", wait: "15s" };
  const answer = jsonCall(gateway.url, echo, request, { headers, signal: giveUp.signal });
  await until(() => (state.seen.at(-1) as { text: string } | undefined)?.text === "gone");
  giveUp.abort();
  await expect(answer).rejects.toThrow();
  for (const span of await spansOf(traceId, 3)) {
    expect(span.attributes).toMatchObject({ "parley.error.code": "CANCELED" });
  }
});
