// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { beforeAll, describe, expect, test } from "vitest";
import { type Collector, startCollector } from "./collector.ts";
import type { CollectedPoint, CollectedSpan } from "./otlp.ts";
import { type Told, tell } from "./told.ts";

describe("with a collector", () => {
  let told: Told;
  let collector: Pick<Collector, "spans" | "points">;

  beforeAll(async () => {
    await using running = await startCollector();
    told = await tell({ OTEL_EXPORTER_OTLP_ENDPOINT: running.url });
    collector = { spans: [...running.spans], points: [...running.points] };
  });

  const span = (name: string, which: Partial<CollectedSpan> = {}): CollectedSpan => {
    const found = collector.spans.filter((one) => one.name === name && (!which.kind || one.kind === which.kind));
    expect(found, `spans named ${name}`).toHaveLength(1);
    return found[0] as CollectedSpan;
  };
  const call = () => span("shop.v1.ShopService/Buy", { kind: "CLIENT" });
  const served = () => span("shop.v1.ShopService/Buy", { kind: "SERVER" });
  const sent = () => span("send shop.v1.ShopItemSold");
  const heard = (attempt: number): CollectedSpan => {
    const found = collector.spans.find(
      (one) => one.kind === "CONSUMER" && one.attributes["parley.attempt"] === attempt,
    );
    return found as CollectedSpan;
  };
  const points = (metric: string): CollectedPoint[] => collector.points.filter((point) => point.metric === metric);

  test("a call, its handler, the event it publishes and its hearer are one tree", () => {
    expect(call().parentSpanId).toBe("");
    expect(served().parentSpanId).toBe(call().spanId);
    expect(sent()).toMatchObject({ parentSpanId: served().spanId, kind: "PRODUCER" });
    expect(heard(1).parentSpanId).toBe(sent().spanId);
    expect(new Set([call(), served(), sent(), heard(1)].map((one) => one.traceId))).toEqual(new Set(told.traceIds));
  });

  test("spans that an author starts in a handler nest below the handler's", () => {
    for (const name of ["author's own", "author's in stream", "author's at stream end"]) {
      expect(span(name), name).toMatchObject({ parentSpanId: served().spanId, scope: "author" });
    }
  });

  test("a call says what was called, where, and with which header", () => {
    expect(call()).toMatchObject({
      scope: "@parley/mesh",
      status: { code: "UNSET" },
      attributes: {
        "rpc.system.name": "connectrpc",
        "rpc.method": "shop.v1.ShopService/Buy",
        "server.address": "127.0.0.1",
        "server.port": 4242,
        "parley.source": "customer",
        "parley.target": "shop",
        "parley.conversation.id": "talk-1",
        "parley.door": "http",
      },
    });
    expect(call().events).toMatchObject([
      { name: "parley.retry", attributes: { "parley.error.code": "CONNECTION_LOST", "parley.retry.delay_ms": 5 } },
    ]);
  });

  test("messaging spans are named by the message type, and hold the subject", () => {
    expect(sent().attributes).toMatchObject({
      "messaging.system.name": "nats",
      "messaging.operation.name": "send",
      "messaging.operation.type": "send",
      "messaging.destination.template": "shop.v1.ShopItemSold",
      "messaging.destination.name": "parley.jrn.shop.out.evt.medium.sold.k1",
      "messaging.message.id": expect.any(String),
      "messaging.message.conversation_id": call().attributes["parley.correlation.id"],
    });
    expect(heard(1).attributes).toMatchObject({
      "messaging.operation.name": "process",
      "messaging.consumer.group.name": "stock/reorder",
      "parley.hearer": "reorder",
    });
  });

  test("a hearer links to the sender, and is its child only while the message is younger than a minute", () => {
    const link = { traceId: sent().traceId, spanId: sent().spanId };
    for (const attempt of [1, 2, 3]) expect(heard(attempt).links).toEqual([link]);
    expect(heard(2).parentSpanId).toBe(sent().spanId);
    expect(heard(3).parentSpanId).toBe("");
    expect(heard(3).traceId).not.toBe(sent().traceId);
  });

  test("an answer that the caller has to deal with is an error to the caller only", () => {
    expect(span("shop.v1.ShopService/Refuse", { kind: "CLIENT" })).toMatchObject({
      status: { code: "ERROR", message: "sold out" },
      attributes: {
        "rpc.status_code": "failed_precondition",
        "error.type": "failed_precondition",
        "parley.error.code": "REFUSED",
        "parley.door": "local",
      },
    });
    const server = span("shop.v1.ShopService/Refuse", { kind: "SERVER" });
    expect(server.status.code).toBe("UNSET");
    expect(server.attributes).toMatchObject({ "rpc.status_code": "failed_precondition" });
    expect(server.attributes).not.toHaveProperty("error.type");
  });

  test("a handler's unforeseen failure keeps its stack", () => {
    const crashed = span("shop.v1.ShopService/Crash");
    expect(crashed).toMatchObject({ status: { code: "ERROR" }, attributes: { "error.type": "internal" } });
    expect(crashed.events).toMatchObject([{ name: "exception", attributes: { "exception.type": "TypeError" } }]);
  });

  test("a failed hearer names its error", () => {
    expect(heard(1)).toMatchObject({ status: { code: "ERROR" }, attributes: { "error.type": "CONNECTION_LOST" } });
    expect(heard(2).status.code).toBe("UNSET");
  });

  test("the resource says which service, version and instance, and no command line", () => {
    expect(call().resource).toMatchObject({
      "service.name": "shop-host",
      "service.version": "1.2.3",
      "service.instance.id": "i-1",
    });
    expect(Object.keys(call().resource).filter((name) => name.startsWith("process."))).toEqual([]);
  });

  test("older peers are told the same ids in their own headers", () => {
    expect(told.callHeaders).toEqual({
      traceparent: `00-${call().traceId}-${call().spanId}-01`,
      "X-Trace-ID": call().traceId,
      "X-Span-ID": call().spanId,
    });
    expect(told.eventHeaders).toMatchObject({ "X-Span-ID": sent().spanId, "X-Parent-Span-ID": served().spanId });
  });

  test("durations are measured in seconds with the bounds of the conventions", () => {
    const [duration] = points("rpc.client.call.duration").filter(
      (point) => point.attributes["rpc.method"] === "shop.v1.ShopService/Buy",
    );
    expect(duration).toMatchObject({
      unit: "s",
      count: 1,
      bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
      attributes: { "rpc.system.name": "connectrpc" },
    });
    expect(duration?.attributes).not.toHaveProperty("error.type");
    expect(points("rpc.server.call.duration").map((point) => point.attributes["error.type"])).toContain("internal");
    expect(points("messaging.client.operation.duration")).toMatchObject([{ unit: "s", count: 1 }]);
    const processed = points("messaging.process.duration");
    expect(processed.map((point) => [point.count, point.attributes["error.type"]])).toEqual(
      expect.arrayContaining([
        [1, "CONNECTION_LOST"],
        [2, undefined],
      ]),
    );
    expect(points("parley.message.latency")).toMatchObject([{ unit: "s", count: 1, value: 0.25 }]);
  });

  test("messages, errors, retries, dead letters, breakers and queues are counted [R45]", () => {
    const total = (metric: string) => points(metric).reduce((sum, point) => sum + point.value, 0);
    const hearer = { "parley.agent": "stock", "parley.hearer": "reorder" };
    expect(total("messaging.client.sent.messages")).toBe(1);
    expect(total("messaging.client.consumed.messages")).toBe(3);
    expect(points("parley.communication.errors").map((point) => point.attributes["parley.side"])).toEqual(
      expect.arrayContaining(["call", "serve", "process"]),
    );
    expect(total("parley.communication.errors")).toBe(3);
    expect(points("parley.retries")).toMatchObject([{ value: 1, attributes: { "parley.side": "call" } }]);
    expect(total("parley.dead_letters")).toBe(1);
    expect(points("parley.breaker.state").map(({ value, kind, attributes }) => [value, kind, attributes])).toEqual(
      expect.arrayContaining([
        [2, "gauge", { "rpc.method": "shop.v1.ShopService/Buy" }],
        [1, "gauge", hearer],
        [0, "gauge", { "parley.service": "shop.v1.ShopService", "parley.outside": "smtp" }],
      ]),
    );
    expect(points("parley.retries.refused")).toMatchObject([{ value: 1 }]);
    expect(points("parley.fallbacks")).toMatchObject([
      { value: 1, attributes: { "parley.fallback": "shop.v1.ShopService/Send" } },
    ]);
    expect(points("parley.handlers.left_behind")).toMatchObject([{ value: 1, attributes: { "parley.agent": "shop" } }]);
    expect(points("parley.queue.depth")).toMatchObject([{ value: 7, attributes: hearer }]);
    expect(points("parley.dead_letters.waiting")).toMatchObject([{ value: 3, attributes: hearer }]);
    expect(points("parley.queue.in_flight")).toMatchObject([{ value: 2, attributes: hearer }]);
  });

  test("what the process uses is told with the rest [R45]", () => {
    const cpu = points("process.cpu.time");
    expect(cpu.map(({ attributes }) => attributes["cpu.mode"]).toSorted()).toEqual(["system", "user"]);
    expect(cpu.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThan(0);
    expect(points("process.memory.usage")).toMatchObject([{ unit: "By", value: expect.any(Number) }]);
    const [loop] = points("nodejs.eventloop.utilization");
    expect(loop?.value).toBeGreaterThanOrEqual(0);
    expect(loop?.value).toBeLessThanOrEqual(1);
  });

  test("nothing is written to the console", () => {
    expect(told.stderr).toBe("");
    expect(told.loaded).toContain("@opentelemetry/sdk-node");
  });
});
