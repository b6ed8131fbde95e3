// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { askedTime } from "./asked-time.ts";
import { assertJson, assertPlain, assertTakesJson, streamFormat } from "./media.ts";

test.each([
  [undefined, undefined, undefined, undefined],
  ["wait=10", undefined, 10_000, "wait=10"],
  ["respond-async, wait=10; foo=bar", undefined, 10_000, "wait=10"],
  ['return=minimal;wait="5"', undefined, 5_000, "wait=5"],
  ["Wait = 3", undefined, 3_000, "wait=3"],
  ["await=10", undefined, undefined, undefined],
  ["wait=soon", undefined, undefined, undefined],
  [undefined, "2.5", 2_500, undefined],
  [undefined, "2.5s", 2_500, undefined],
  [undefined, "250ms", 250, undefined],
  ["wait=10", "3", 3_000, "wait=10"],
  ["wait=1", "3", 1_000, "wait=1"],
])("prefer %j and x-timeout %j ask for %j ms", (prefer, timeout, timeoutMs, applied) => {
  expect(askedTime(prefer, timeout)).toEqual({ timeoutMs, applied });
});

test.each(["0", "-1", "1m", "1e3", "", "1.2345", "NaN", "99999999999"])("x-timeout %j is refused", (timeout) => {
  expect(() => askedTime(undefined, timeout)).toThrow('"X-Timeout"');
});

test.each([
  [undefined, "ndjson"],
  ["", "ndjson"],
  ["text/event-stream", "sse"],
  ["TEXT/Event-Stream", "sse"],
  ["text/html, application/xhtml+xml, */*;q=0.8", "ndjson"],
  ["text/event-stream, */*;q=0.1", "sse"],
  ["text/*", "sse"],
  ["application/x-ndjson;q=0.2, text/event-stream;q=0.1", "ndjson"],
  ["text/event-stream;q=0, application/json", "ndjson"],
])("a stream for who accepts %j is %s", (accept, format) => {
  expect(streamFormat(accept)).toBe(format);
});

test.each(["image/png", "text/event-stream;q=0", "*/*;q=0"])("there is no stream for who accepts %j", (accept) => {
  expect(() => streamFormat(accept)).toThrow(expect.objectContaining({ status: 406 }));
});

test.each([undefined, "*/*", "application/*", "application/json;q=0.1", "text/html, */*;q=0.1"])(
  "who accepts %j takes JSON",
  (accept) => {
    expect(() => assertTakesJson(accept)).not.toThrow();
  },
);

test.each([
  "application/json",
  "Application/JSON; charset=UTF-8",
  'application/json;charset="utf-8"',
  "application/merge-patch+json",
])("content-type %j is JSON", (type) => {
  expect(() => assertJson(type)).not.toThrow();
});

test.each([
  undefined,
  "",
  "text/json",
  "application/jsonp",
  "application/json; charset=utf-16",
  "application/json, text/plain",
])("content-type %j is none", (type) => {
  expect(() => assertJson(type)).toThrow(expect.objectContaining({ status: 415 }));
});

test("a compressed body is refused", () => {
  expect(() => assertPlain("gzip")).toThrow(expect.objectContaining({ status: 415 }));
  expect(() => assertPlain("Identity")).not.toThrow();
});
