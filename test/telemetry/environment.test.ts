// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { startCollector } from "./collector.ts";
import { logLines, type Told, tell } from "./told.ts";

/** What the log says about sending telemetry. */
function troubles(told: Told): readonly Record<string, unknown>[] {
  return logLines(told).filter(({ telemetry }) => telemetry !== undefined);
}

test("without an endpoint no SDK is loaded, and the trace is passed on all the same", async () => {
  const told = await tell({});
  expect(told.loaded).toEqual(["@opentelemetry/api"]);
  expect(told.stderr).toBe("");
  const [begun, last] = told.traceIds;
  expect(begun).toMatch(/^[0-9a-f]{32}$/);
  expect(last).toBe(begun);
  expect(told.callHeaders["traceparent"]).toMatch(new RegExp(`^00-${begun}-[0-9a-f]{16}-01$`));
});

test("at level info each communication is a line that belongs to its trace [R46]", async () => {
  const told = await tell({ PARLEY_LOG: "info" });
  const lines = logLines(told);
  expect(lines.map(({ side }) => side)).toEqual(expect.arrayContaining(["call", "serve", "send", "process"]));
  expect(lines.find(({ side }) => side === "call")).toMatchObject({
    level: "info",
    agent_id: "customer",
    operation: "shop.v1.ShopService/Buy",
    target_module: "shop",
    correlation_id: expect.any(String),
    duration_ms: expect.any(Number),
    trace_id: told.traceIds[0],
    span_id: expect.any(String),
  });
});

test("unless told otherwise the log holds nothing but what handlers did not foresee, with its stack", async () => {
  const told = await tell({ PARLEY_LOG: "" });
  expect(JSON.parse(told.stderr)).toMatchObject({
    level: "error",
    operation: "shop.v1.ShopService/Crash",
    agent_id: "shop",
    err: { type: "TypeError", stack: expect.stringContaining("story.ts") },
  });
});

test("an endpoint for one signal sends that signal only", async () => {
  await using collector = await startCollector();
  const told = await tell({
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url}/v1/metrics`,
    PARLEY_LOG: "warn",
  });
  expect(troubles(told), "spans sent to a default address").toEqual([]);
  expect(collector.spans).toEqual([]);
  expect(collector.points.map((point) => point.metric)).toContain("rpc.client.call.duration");
});

test("the environment overrules what the host says of itself", async () => {
  await using collector = await startCollector();
  await tell({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: "named-by-operator",
    OTEL_RESOURCE_ATTRIBUTES: "service.version=9,k8s.pod.name=pod-1",
  });
  expect(collector.spans[0]?.resource).toMatchObject({
    "service.name": "named-by-operator",
    "service.version": "9",
    "service.instance.id": "i-1",
    "k8s.pod.name": "pod-1",
  });
});

test("a collector that is away is told of once", async () => {
  const collector = await startCollector();
  await collector[Symbol.asyncDispose]();
  const told = await tell({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    // Too short for a second try, which comes after a second or a little less.
    OTEL_EXPORTER_OTLP_TIMEOUT: "700",
    PARLEY_LOG: "warn",
  });
  expect(troubles(told)).toEqual([
    expect.objectContaining({ level: "warn", telemetry: expect.stringContaining("ECONNREFUSED") }),
  ]);
});

test("an endpoint that is no URL is told of with one that is", async () => {
  const told = await tell({
    OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318",
    OTEL_EXPORTER_OTLP_TIMEOUT: "200",
    PARLEY_LOG: "warn",
  });
  const msg =
    'OTEL_EXPORTER_OTLP_ENDPOINT is "collector:4318", which is no URL; write one like "http://127.0.0.1:4318"';
  expect(logLines(told)[0]).toMatchObject({ level: "warn", msg });
});

test("a collector that never answers does not hold up an exit", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const told = await tell({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: "3600000",
    STORY_EXITS: "yes",
  });
  silent.close();
  silent.closeAllConnections();
  expect(told.traceIds[0]).not.toBe("");
});
