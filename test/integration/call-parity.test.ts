// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, defineAgent } from "@parley/mesh";
import { ManualClock, type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EchoState, echoAgent, echoState, relayAgent } from "../agents/echo-agent.ts";
import { type EchoRequest, EchoRequestSchema, EchoService, RelayService } from "../gen/parley/test/v1/echo_pb.js";

const stranger = defineAgent({ name: "test.stranger" });

/** Every behaviour of a call holds at both doors: in this process, and over the network to a host of its own. */
describe.each(["local", "http"] as const)("a call at the %s door", (door) => {
  const clock = new ManualClock();
  let state: EchoState;
  let serving: TestMesh;
  let calling: TestMesh;
  let echo: Client<typeof EchoService>;

  beforeAll(async () => {
    state = echoState();
    const here = door === "local" ? [relayAgent, stranger, echoAgent(state)] : [echoAgent(state)];
    serving = await testMesh({ agents: here, clock });
    const { namespace } = serving;
    calling = door === "local" ? serving : await testMesh({ agents: [relayAgent, stranger], namespace, clock });
    while (calling.directory.instancesOf(EchoService.typeName).length === 0) await wait(10);
    echo = calling.client(EchoService);
  });

  afterAll(async () => {
    if (door === "http") await calling.drain();
    await serving.drain();
  });

  test("gives the answer of the handler", async () => {
    await expect(echo.echo({ text: "hello" })).resolves.toMatchObject({ text: "hello", source: "test.relay", hops: 0 });
  });

  test("says in the observation whether it left the process", async () => {
    await echo.echo({ text: "where" });
    expect(calling.observed.at(-1)).toMatchObject({ kind: "called", remote: door === "http", error: undefined });
  });

  test("streams the answers of the handler", async () => {
    const answers = await Array.fromAsync(echo.count({ count: 3, text: "n" }));
    expect(answers.map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  test("ends a stream with the handler's error after the elements before it", async () => {
    const numbers: number[] = [];
    const run = async () => {
      for await (const { number } of echo.count({ count: 5, failAfter: 2 })) numbers.push(number);
    };
    await expect(run()).rejects.toMatchObject({ name: "MeshError", code: "REFUSED", mayHaveRun: true });
    expect(numbers).toEqual([1, 2]);
  });

  test("gives every part of an error", async () => {
    await expect(echo.failOnce({ code: "CONFLICT" })).rejects.toMatchObject({
      name: "MeshError",
      code: "CONFLICT",
      errorClass: "CONFLICT",
      message: 'told to fail with "CONFLICT"',
      userMessage: "Sorry.",
      retryAfterMs: 2_000,
      mayHaveRun: true,
      violations: [{ field: "code", rule: "test", message: "as told" }],
    });
  });

  test("makes INTERNAL of whatever is no MeshError", async () => {
    await expect(echo.fail({ code: "throw" })).rejects.toMatchObject({ code: "INTERNAL", message: "a defect" });
  });

  test("refuses an invalid request before the handler, with the broken rule", async () => {
    const before = state.seen.length;
    await expect(echo.echo({ text: "x".repeat(101) })).rejects.toMatchObject({
      code: "INVALID_MESSAGE",
      mayHaveRun: false,
      violations: [{ field: "text", rule: "string.max_len" }],
    });
    expect(state.seen.length).toBe(before);
  });

  test("shares no message between caller and handler, in either direction, nor what a message holds", async () => {
    const request = create(EchoRequestSchema, { text: "mine", wait: { nanos: 1 } });
    const answer = await echo.echo(request);
    const seen = state.seen.at(-1) as EchoRequest;
    expect(seen).toEqual(request);
    Object.assign(seen, { text: "changed" });
    Object.assign(seen.wait ?? {}, { nanos: 2 });
    Object.assign(state.given.at(-1) as object, { text: "changed" });
    expect([request.text, request.wait?.nanos, answer.text]).toEqual(["mine", 1, "mine"]);
    const numbers: number[] = [];
    for await (const response of echo.count({ count: 2 })) {
      for (const given of state.given) Object.assign(given as object, { number: 99 });
      numbers.push(response.number);
      Object.assign(response, { number: 98 });
    }
    expect(numbers).toEqual([1, 2]);
    expect(state.given.slice(-2)).toMatchObject([{ number: 99 }, { number: 99 }]);
  });

  test("hands on correlation, conversation, hops and the remaining time", async () => {
    const { echo: answer } = await calling.client(RelayService).relay({ text: "on" }, { conversationId: "c-1" });
    expect(answer).toMatchObject({ source: "test.relay", conversationId: "c-1", hops: 1 });
    expect(answer?.correlationId).not.toBe("");
  });

  test("retries what is idempotent after exactly the contract's delays [R06, R54]", async () => {
    state.runs = 0;
    const before = clock.now();
    const answer = echo
      .fail({ code: "UNAVAILABLE", times: 1 })
      .then((response) => ({ response, at: clock.now() - before }));
    await until(() => state.runs === 1);
    await untilWaiting(clock, 2_000);
    await clock.advance(1_999);
    expect(state.runs).toBe(1);
    await clock.advance(1);
    await expect(answer).resolves.toMatchObject({ response: { runs: 2 }, at: 2_000 });
  });

  test("gives up after the contract's number of delays", async () => {
    state.runs = 0;
    const failure = echo.fail({ code: "UNAVAILABLE" }).catch((error: unknown) => error);
    for (const [run, delayMs] of [
      [1, 2_000],
      [2, 4_000],
    ] as const) {
      await until(() => state.runs === run);
      await untilWaiting(clock, delayMs);
      await clock.advance(delayMs);
    }
    await expect(failure).resolves.toMatchObject({ code: "UNAVAILABLE" });
    expect(state.runs).toBe(3);
  });

  test("does not repeat what is not idempotent and may have run", async () => {
    state.runs = 0;
    await expect(echo.failOnce({ code: "UNAVAILABLE" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(state.runs).toBe(1);
  });

  test("ends a handler that ignores its signal by its deadline [R33]", async () => {
    const request = { text: "slow", wait: durationFromMs(2_000), stubborn: true };
    const failure = echo.echo(request).catch((error: unknown) => error);
    await until(() => (state.seen.at(-1) as { text?: string }).text === "slow");
    await clock.advance(5_000);
    await expect(failure).resolves.toMatchObject({ code: "DEADLINE_EXCEEDED", mayHaveRun: true });
  });

  test("tells the handler when the caller gives up", async () => {
    const giveUp = new AbortController();
    const before = state.aborted.length;
    const request = { text: "canceled", wait: durationFromMs(60_000) };
    const failure = echo.echo(request, { signal: giveUp.signal }).catch((error: unknown) => error);
    await until(() => (state.seen.at(-1) as { text?: string }).text === "canceled");
    giveUp.abort();
    await expect(failure).resolves.toMatchObject({ code: "CANCELED" });
    await until(() => state.aborted.length > before);
  });

  test("lets only those in who hold the permission [R41]", async () => {
    await expect(calling.client(EchoService, { source: "test.relay" }).secret({})).resolves.toBeDefined();
    const denied = calling.client(EchoService, { source: "test.stranger" }).secret({});
    await expect(denied).rejects.toMatchObject({ code: "PERMISSION_DENIED", mayHaveRun: false });
  });

  test("stops calling what keeps failing, and tries it again by the contract's breaker [R32]", async () => {
    const fail = () => echo.fragile({ code: "CONNECTION_LOST" }).catch((error: unknown) => error);
    for (let call = 0; call < 4; call++) expect(await fail()).toMatchObject({ code: "CONNECTION_LOST" });
    state.runs = 0;
    await clock.advance(10_000);
    const refusal = { code: "BREAKER_OPEN", mayHaveRun: false, retryAfterMs: 20_000 };
    await expect(echo.fragile({})).rejects.toMatchObject(refusal);
    expect(state.runs).toBe(0);
    await clock.advance(20_000);
    await expect(Promise.all([echo.fragile({}), echo.fragile({})])).resolves.toHaveLength(2);
    await expect(echo.fragile({})).resolves.toBeDefined();
    expect(state.runs).toBe(3);
  });

  test("does not count a caller's own mistakes against the one who is called", async () => {
    for (let call = 0; call < 6; call++) await echo.fragile({ code: "REFUSED" }).catch(() => {});
    await expect(echo.fragile({})).resolves.toBeDefined();
  });

  test("refuses more at once than the contract allows", async () => {
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    const two = [echo.narrow({}), echo.narrow({})];
    await until(() => state.narrowed === 2);
    await expect(echo.narrow({})).rejects.toMatchObject({ code: "OVERLOADED", mayHaveRun: false });
    gate.resolve();
    await expect(Promise.all(two)).resolves.toHaveLength(2);
  });
});

/** Waits until something that is under way has happened; the test's own time limit bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wait(2);
}

async function untilWaiting(clock: ManualClock, delayMs: number): Promise<void> {
  await until(() => clock.nextDueInMs === delayMs);
}
