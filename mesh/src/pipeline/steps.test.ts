// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type Message } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { MeshError } from "../mesh-error.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { attemptBudget, serverBudget } from "./budget.ts";
import { concurrency } from "./concurrency.ts";
import type { Incoming } from "./incoming.ts";
import { permission } from "./permission.ts";
import { Places } from "./places.ts";
import { chain, isStream, type Reply, untilEnd } from "./step.ts";
import { incoming, outgoing } from "./testdata/exchange.ts";

const empty: Message = create(EmptySchema);
const answers = async (): Promise<Reply> => empty;
const hangs = () => new Promise<Reply>(() => {});
const nobody = () => () => {};

async function* three(): AsyncGenerator<Message> {
  for (let i = 0; i < 3; i++) yield empty;
}

describe("a chain", () => {
  test("runs its steps from the outermost to the last, and back", async () => {
    const order: string[] = [];
    const named = (name: string) => async (exchange: Incoming, next: (exchange: Incoming) => Promise<Reply>) => {
      order.push(name);
      const reply = await next(exchange);
      order.push(`${name} back`);
      return reply;
    };
    await chain([named("outer"), named("inner")], answers)(incoming());
    expect(order).toEqual(["outer", "inner", "inner back", "outer back"]);
  });

  test("tells the end of a reply: at once for a message, after the last element or the failure of a stream", async () => {
    const ends: unknown[] = [];
    const end = (error?: unknown) => ends.push(error);
    expect(untilEnd(empty, end)).toBe(empty);
    untilEnd(undefined, end);
    expect(ends).toEqual([undefined, undefined]);
    const stream = untilEnd(three(), end);
    if (!isStream(stream)) throw new Error("no stream");
    expect(ends).toHaveLength(2);
    for await (const _ of stream) break;
    expect(ends).toHaveLength(3);
    const failing = untilEnd(
      (async function* () {
        yield empty;
        throw new Error("broken");
      })(),
      end,
    );
    await expect(Array.fromAsync(failing as AsyncIterable<Message>)).rejects.toThrow("broken");
    expect(ends.at(-1)).toMatchObject({ message: "broken" });
  });
});

describe("the handler's time", () => {
  test("is the policy's, or what the caller still waits when that is less", async () => {
    for (const [remainingMs, expectedMs] of [
      [undefined, 5_000],
      [60_000, 5_000],
      [700, 700],
    ] as const) {
      const clock = new ManualClock(0);
      const failure = serverBudget(clock, nobody)(incoming({ remainingMs }), hangs).catch((error: unknown) => error);
      await clock.advance(60_000);
      expect(await failure).toMatchObject({
        code: "DEADLINE_EXCEEDED",
        message: expect.stringContaining(`within ${expectedMs} ms`),
      });
    }
  });

  test("ends the handler's signal, and leaves no timer when the handler was in time", async () => {
    const clock = new ManualClock();
    let signal: AbortSignal | undefined;
    const step = serverBudget(clock, nobody);
    const late = step(incoming(), (exchange) => {
      signal = exchange.signal;
      return hangs();
    }).catch(() => {});
    await clock.advance(5_000);
    await late;
    expect(signal?.aborted).toBe(true);
    await step(incoming(), answers);
    await expect(step(incoming(), () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(clock.nextDueInMs).toBeUndefined();
  });

  test("lasts as long as a stream does", async () => {
    const clock = new ManualClock();
    const reply = await serverBudget(clock, nobody)(incoming(), async () => three());
    expect(clock.nextDueInMs).toBe(5_000);
    await Array.fromAsync(reply as AsyncIterable<Message>);
    expect(clock.nextDueInMs).toBeUndefined();
  });

  test("is over for a handler that ignores its signal: it is told of after a second, until it ends after all", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const clock = new ManualClock();
    const told: string[] = [];
    const step = serverBudget(clock, ({ name }) => {
      told.push(`${name} goes on`);
      return () => told.push(`${name} ended`);
    });
    const stubborn = Promise.withResolvers<Message>();
    const [late, soon] = [Promise.withResolvers<Message>(), Promise.withResolvers<Message>()];
    const calls = [stubborn, late, soon].map(({ promise }) => step(incoming(), () => promise).catch(() => "over"));
    soon.resolve(empty);
    await clock.advance(5_000);
    expect(await Promise.all(calls)).toEqual(["over", "over", empty]);
    late.reject(new Error("stopped by its signal"));
    await vi.advanceTimersByTimeAsync(999);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual(["t.S/M goes on"]);
    stubborn.resolve(empty);
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(["t.S/M goes on", "t.S/M ended"]);
  });

  test("of a call's attempt is what the retry step left it", async () => {
    const clock = new ManualClock();
    const failure = attemptBudget(clock)(outgoing({ remainingMs: 40 }), hangs).catch((error: unknown) => error);
    await clock.advance(40);
    expect(await failure).toMatchObject({ code: "DEADLINE_EXCEEDED", mayHaveRun: true });
  });
});

describe("concurrency", () => {
  test("is bounded per operation: one call more is refused and has not run, the next gets the place that is free again", async () => {
    const step = concurrency();
    const here = incoming();
    const gates = [Promise.withResolvers<Reply>(), Promise.withResolvers<Reply>()];
    const running = gates.map(({ promise }) => step(here, () => promise));
    const refused = step(here, answers);
    await expect(refused).rejects.toMatchObject({ code: "OVERLOADED", errorClass: "RATE_LIMIT", mayHaveRun: false });
    await expect(step(incoming({}, { name: "t.S/Other" }), answers)).resolves.toBe(empty);
    gates[0]?.resolve(empty);
    await running[0];
    await expect(step(here, answers)).resolves.toBe(empty);
    gates[1]?.reject(new Error("broken"));
    await expect(running[1]).rejects.toThrow("broken");
    for (let i = 0; i < 5; i++) await step(here, answers);
  });

  test("counts a stream until it is over", async () => {
    const step = concurrency();
    const here = incoming({}, { places: new Places(1) });
    const stream = (await step(here, async () => three())) as AsyncIterable<Message>;
    await expect(step(here, answers)).rejects.toMatchObject({ code: "OVERLOADED" });
    for await (const _ of stream) break;
    await expect(step(here, answers)).resolves.toBe(empty);
  });
});

describe("permission", () => {
  const grants = async (agent: string, needed: string) => agent === "test.caller" && needed === "SEND";
  const by = (sourceAgentId: string, needed: string | undefined) =>
    permission(grants)(incoming({ header: { ...incoming().header, sourceAgentId } }, { permission: needed }), answers);

  test("lets in whoever holds it, and everybody where none or * is asked for", async () => {
    await expect(by("test.caller", "SEND")).resolves.toBe(empty);
    await expect(by("anonymous", undefined)).resolves.toBe(empty);
    await expect(by("anonymous", "*")).resolves.toBe(empty);
  });

  test("keeps out who lacks it, and who does not say who it is, with different words", async () => {
    await expect(by("test.other", "SEND")).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(by("test.caller", "DELETE")).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(by("anonymous", "SEND")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(by("anonymous", "SEND")).rejects.toBeInstanceOf(MeshError);
  });
});
