// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { propagation } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extract, inject, rootTrace, type TraceContext, traceIdOf } from "./propagation.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${spanId}-01`;

function read(headers: Readonly<Record<string, string>>): TraceContext {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return extract((name) => lower.get(name));
}

function written(at: TraceContext): Record<string, string> {
  const headers: Record<string, string> = {};
  inject(at, (name, value) => {
    headers[name] = value;
  });
  return headers;
}

test("what came in goes out unchanged when nobody records", () => {
  const headers = { traceparent, tracestate: "vendor=opaque,other=1", baggage: "tenant=acme,note=a%20b;ttl=3" };
  expect(written(read(headers))).toEqual({ ...headers, "X-Trace-ID": traceId, "X-Span-ID": spanId });
});

test("a trace without a beginning gets an id that everything below it shares", () => {
  const root = rootTrace();
  expect(traceIdOf(root)).toMatch(/^[0-9a-f]{32}$/);
  expect(traceIdOf(read(written(root)))).toBe(traceIdOf(root));
  expect(traceIdOf(rootTrace())).not.toBe(traceIdOf(root));
});

test("an unsampled trace stays unsampled", () => {
  expect(written(read({ traceparent: `00-${traceId}-${spanId}-00` }))["traceparent"]).toMatch(/-00$/);
});

test("flags and fields of later versions are taken as far as they are known", () => {
  expect(written(read({ traceparent: `cc-${traceId}-${spanId}-ff-more` }))["traceparent"]).toBe(
    `00-${traceId}-${spanId}-03`,
  );
});

test.each([
  ["version ff", `ff-${traceId}-${spanId}-01`],
  ["version 00 with more fields", `${traceparent}-more`],
  ["a trace id of zeros", `00-${"0".repeat(32)}-${spanId}-01`],
  ["a span id of zeros", `00-${traceId}-${"0".repeat(16)}-01`],
  ["upper case", traceparent.toUpperCase()],
  ["a short trace id", `00-${traceId.slice(1)}-${spanId}-01`],
  ["nothing", ""],
])("a traceparent with %s begins a new trace", (_, broken) => {
  const found = traceIdOf(read({ traceparent: broken }));
  expect(found).toMatch(/^[0-9a-f]{32}$/);
  expect(found).not.toBe(traceId);
});

describe("headers of older peers", () => {
  test("continue their trace below their span", () => {
    expect(written(read({ "X-Trace-ID": traceId, "X-Span-ID": spanId }))["traceparent"]).toBe(traceparent);
  });

  test("may hold a UUID, and no span id that could be used", () => {
    const uuid = "4BF92F35-77B3-4DA6-A3CE-929D0E0E4736";
    expect(traceIdOf(read({ "X-Trace-ID": uuid, "X-Span-ID": "Span-1.1" }))).toBe(traceId);
  });

  test("give way to a traceparent", () => {
    expect(traceIdOf(read({ traceparent, "X-Trace-ID": "f".repeat(32) }))).toBe(traceId);
  });

  test("are ignored when their trace id is none", () => {
    expect(traceIdOf(read({ "X-Trace-ID": "abc-123" }))).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("baggage", () => {
  test("can be read and changed by a handler's author through OpenTelemetry", () => {
    const at = read({ traceparent, baggage: "tenant=acme" });
    const baggage = propagation.getBaggage(at)?.setEntry("über", { value: "a,b;c" });
    expect(baggage?.getEntry("tenant")?.value).toBe("acme");
    const out = written(propagation.setBaggage(at, propagation.createBaggage({ key: { value: "ä, b" } })));
    expect(out["baggage"]).toBe("key=%C3%A4%2C%20b");
  });

  test("keeps what is whole of a broken header", () => {
    expect(written(read({ baggage: "a=1,=2,b,c=%E0%A4%A,d=4" }))["baggage"]).toBe("a=1,d=4");
  });

  test("does not grow beyond the limits of the specification", () => {
    const many = Array.from({ length: 100 }, (_, index) => `k${index}=v`).join(",");
    expect(written(read({ baggage: many }))["baggage"]?.split(",")).toHaveLength(64);
    const large = propagation.createBaggage({ a: { value: "1" }, b: { value: "x".repeat(9_000) } });
    expect(written(propagation.setBaggage(rootTrace(), large))["baggage"]).toBe("a=1");
    expect(written(read({ baggage: `a=${"x".repeat(9_000)}` }))["baggage"]).toBeUndefined();
  });
});

test("no header can make reading throw, and what is written can be read again", () => {
  const junk = fc.oneof(fc.string({ unit: "binary", maxLength: 80 }), fc.constant(traceparent));
  const names = ["traceparent", "tracestate", "baggage", "X-Trace-ID", "X-Span-ID"];
  fc.assert(
    fc.property(fc.record(Object.fromEntries(names.map((name) => [name, junk]))), (headers) => {
      const out = written(read(headers));
      expect(written(read(out))).toEqual(out);
      for (const value of Object.values(out)) expect(value).toMatch(/^[\x20-\x7e]*$/);
    }),
    { numRuns: 500 },
  );
});
