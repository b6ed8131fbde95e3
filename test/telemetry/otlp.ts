// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

/** Value of an attribute, as far as tests need it. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A span as it arrived. Ids in hex; the parent's is empty on a root. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code: "UNSET" | "OK" | "ERROR"; readonly message: string };
  readonly scope: string;
  readonly resource: Attributes;
}

/** One data point of a metric. */
export interface CollectedPoint {
  readonly metric: string;
  readonly unit: string;
  readonly kind: "gauge" | "sum" | "histogram";
  /** Value, or sum of a histogram. */
  readonly value: number;
  /** Measurements in a histogram; else 1. */
  readonly count: number;
  readonly bounds: readonly number[];
  readonly attributes: Attributes;
  readonly resource: Attributes;
}

const root = protobuf.parse(readFileSync(new URL("./otlp.proto", import.meta.url), "utf8"), { keepCase: false }).root;
const traceRequest = root.lookupType("ExportTraceServiceRequest");
const metricsRequest = root.lookupType("ExportMetricsServiceRequest");

/** Decodes the body of a request to /v1/traces. */
export function decodeSpans(body: Uint8Array): CollectedSpan[] {
  const { resourceSpans } = decoded<TraceRequest>(traceRequest, body);
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        ...span,
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        attributes: attributes(span.attributes),
        events: span.events.map((event) => ({ name: event.name, attributes: attributes(event.attributes) })),
        links: span.links.map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
        status: { code: "UNSET", message: "", ...span.status },
        scope: scope.name,
        resource: attributes(resource.attributes),
      })),
    ),
  );
}

/** Decodes the body of a request to /v1/metrics. */
export function decodePoints(body: Uint8Array): CollectedPoint[] {
  const { resourceMetrics } = decoded<MetricsRequest>(metricsRequest, body);
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap((metric) =>
        (metric[metric.data]?.dataPoints ?? []).map((point) => ({
          metric: metric.name,
          unit: metric.unit,
          kind: metric.data,
          value: point.sum ?? point.asDouble ?? point.asInt ?? 0,
          count: point.count ?? 1,
          bounds: point.explicitBounds ?? [],
          attributes: attributes(point.attributes),
          resource: attributes(resource.attributes),
        })),
      ),
  );
}

function decoded<T>(type: protobuf.Type, body: Uint8Array): T {
  return type.toObject(type.decode(body), { enums: String, longs: Number, arrays: true, oneofs: true }) as T;
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}

function attributes(pairs: readonly KeyValue[]): Attributes {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value[value.value] ?? ""]));
}

interface KeyValue {
  readonly key: string;
  readonly value: { readonly value: ValueKind } & { readonly [K in ValueKind]?: string | number | boolean };
}

type ValueKind = "stringValue" | "boolValue" | "intValue" | "doubleValue";

interface RawResource {
  readonly attributes: readonly KeyValue[];
}

interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: RawResource;
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly RawSpan[] }[];
  }[];
}

interface RawSpan extends Pick<CollectedSpan, "name" | "kind"> {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId?: Uint8Array;
  readonly attributes: readonly KeyValue[];
  readonly events: readonly { readonly name: string; readonly attributes: readonly KeyValue[] }[];
  readonly links: readonly { readonly traceId: Uint8Array; readonly spanId: Uint8Array }[];
  readonly status?: Partial<CollectedSpan["status"]>;
}

interface MetricsRequest {
  readonly resourceMetrics: readonly {
    readonly resource: RawResource;
    readonly scopeMetrics: readonly { readonly metrics: readonly RawMetric[] }[];
  }[];
}

type RawMetric = { readonly name: string; readonly unit: string; readonly data: CollectedPoint["kind"] } & {
  readonly [K in CollectedPoint["kind"]]?: { readonly dataPoints: readonly RawPoint[] };
};

interface RawPoint {
  readonly attributes: readonly KeyValue[];
  readonly asDouble?: number;
  readonly asInt?: number;
  readonly sum?: number;
  readonly count?: number;
  readonly explicitBounds?: readonly number[];
}
