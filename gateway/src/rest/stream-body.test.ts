// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StreamBody } from "./stream-body.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

/** A client that takes one byte, and the rest when it is told to. */
function slowClient() {
  const taken: string[] = [];
  const pending: (() => void)[] = [];
  const response = new Writable({
    highWaterMark: 1,
    write(chunk, _, done) {
      taken.push(String(chunk));
      pending.push(done);
    },
  });
  return { response, taken, takeOn: () => pending.shift()?.() };
}

test("a message waits until the client has taken the one before", async () => {
  const { response, takeOn } = slowClient();
  using body = new StreamBody(response, "ndjson");
  let sent = false;
  const first = body.message({ n: 1 }).then(() => {
    sent = true;
  });
  await vi.advanceTimersByTimeAsync(29_000);
  expect(sent).toBe(false);
  takeOn();
  await first;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(response.destroyed).toBe(false);
});

test("a client that takes nothing for half a minute is cut off", async () => {
  const { response } = slowClient();
  using body = new StreamBody(response, "sse");
  const sent = body.message({ n: 1 });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(response.destroyed).toBe(true);
  await sent;
});

test("events show that they are alive after each quiet quarter of a minute, lines do not", async () => {
  for (const [format, expected] of [
    ["sse", [": \n\n"]],
    ["ndjson", []],
  ] as const) {
    const { response, taken } = slowClient();
    using _body = new StreamBody(response, format);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(taken).toEqual(expected);
  }
});
