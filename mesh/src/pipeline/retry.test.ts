// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import type { ErrorCode } from "../error-codes.ts";
import { MeshError, type MeshErrorInit } from "../mesh-error.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import type { Outgoing } from "./outgoing.ts";
import { retry } from "./retry.ts";
import { outgoing } from "./testdata/exchange.ts";

interface Attempt {
  readonly at: number;
  readonly attempt: number;
  readonly remainingMs: number;
}

/** Runs a call whose attempts end as told, and after the last of these with success. */
function run(call: Outgoing, outcomes: readonly (MeshErrorInit | ErrorCode)[], takesMs = 0) {
  const clock = new ManualClock(0);
  const attempts: Attempt[] = [];
  const step = retry({ clock, random: () => 0 });
  const result = step(call, async ({ header, remainingMs }) => {
    attempts.push({ at: clock.now(), attempt: header.attempt, remainingMs });
    if (takesMs > 0) await new Promise<void>((resolve) => clock.after(takesMs, resolve));
    const outcome = outcomes[attempts.length - 1];
    if (outcome !== undefined)
      throw new MeshError(typeof outcome === "string" ? { code: outcome, message: "" } : outcome);
    return create(EmptySchema);
  }).then(
    () => "answered",
    (error: unknown) => error,
  );
  return { clock, attempts, result };
}

test("attempts follow the contract's delays, each with its number and the contract's time", async () => {
  const { clock, attempts, result } = run(outgoing(), ["UNAVAILABLE", "UNAVAILABLE"]);
  await clock.advance(60_000);
  expect(await result).toBe("answered");
  expect(attempts).toEqual([
    { at: 0, attempt: 1, remainingMs: 5_000 },
    { at: 1_000, attempt: 2, remainingMs: 5_000 },
    { at: 5_000, attempt: 3, remainingMs: 5_000 },
  ]);
});

test("an attempt gets no more time than the call has left", async () => {
  const { clock, attempts, result } = run(outgoing({ timeoutMs: 3_000 }), ["UNAVAILABLE"]);
  await clock.advance(60_000);
  expect(await result).toBe("answered");
  expect(attempts.map(({ remainingMs }) => remainingMs)).toEqual([3_000, 2_000]);
});

test("a retry that could not end in time is not begun, and the error says when to repeat", async () => {
  const { clock, attempts, result } = run(outgoing({ timeoutMs: 4_500 }), ["UNAVAILABLE", "UNAVAILABLE"]);
  await clock.advance(60_000);
  expect(await result).toMatchObject({ code: "UNAVAILABLE", retryAfterMs: 4_000 });
  expect(attempts).toHaveLength(2);
});

test.each(["INVALID_MESSAGE", "PERMISSION_DENIED", "NOT_FOUND", "INTERNAL", "CONFLICT"] as const)(
  "%s is not tried again without a schedule for it",
  async (code) => {
    const { attempts, result } = run(outgoing(), [code]);
    expect(await result).toMatchObject({ code });
    expect(attempts).toHaveLength(1);
  },
);

test("what is not idempotent is tried again only while it has surely not run", async () => {
  const ran = { code: "UNAVAILABLE", message: "", mayHaveRun: true } as const;
  const { clock, attempts, result } = run(outgoing({}, { idempotent: false }), ["UNAVAILABLE", ran, "UNAVAILABLE"]);
  await clock.advance(60_000);
  expect(await result).toMatchObject({ code: "UNAVAILABLE", mayHaveRun: true });
  expect(attempts).toHaveLength(2);
});

test("an attempt that did not arrive does not hide that an earlier one may have run", async () => {
  const ran = { code: "UNAVAILABLE", message: "", mayHaveRun: true } as const;
  const { clock, result } = run(outgoing(), [ran, "UNAVAILABLE", "UNAVAILABLE"]);
  await clock.advance(60_000);
  expect(await result).toMatchObject({ code: "UNAVAILABLE", mayHaveRun: true });
});

test("a caller that gives up while a retry is waited for gets CANCELED at once, and no attempt follows", async () => {
  const giveUp = new AbortController();
  const { clock, attempts, result } = run(outgoing({ signal: giveUp.signal }), ["UNAVAILABLE"]);
  await clock.advance(500);
  giveUp.abort(new Error("enough"));
  expect(await result).toMatchObject({ name: "MeshError", code: "CANCELED", mayHaveRun: false });
  await clock.advance(60_000);
  expect(attempts).toHaveLength(1);
});

test("a call that nobody waits for, or that has no time left, does not set out", async () => {
  const canceled = run(outgoing({ signal: AbortSignal.abort() }), []);
  expect(await canceled.result).toMatchObject({ code: "CANCELED", mayHaveRun: false });
  const late = run(outgoing({ timeoutMs: 0 }), []);
  expect(await late.result).toMatchObject({ code: "DEADLINE_EXCEEDED", mayHaveRun: false });
  expect([...canceled.attempts, ...late.attempts]).toEqual([]);
});

test("the time that attempts take counts", async () => {
  const { clock, attempts, result } = run(outgoing({ timeoutMs: 8_000 }), ["UNAVAILABLE", "UNAVAILABLE"], 2_000);
  await clock.advance(60_000);
  // 2 s, 1 s of waiting, 2 s; 4 s of waiting more would be more than 8 s.
  expect(await result).toMatchObject({ code: "UNAVAILABLE", retryAfterMs: 4_000 });
  expect(attempts.map(({ at }) => at)).toEqual([0, 3_000]);
});

test("when everything fails, a thousand calls make less than 1.3 times as many attempts, and the error says why there are no more", async () => {
  const clock = new ManualClock(0);
  let attempts = 0;
  let refused = 0;
  const step = retry({ clock, random: () => 0, onRefused: () => refused++ });
  const fails = async () => {
    attempts++;
    throw new MeshError({ code: "UNAVAILABLE", message: "down" });
  };
  const failures: Promise<unknown>[] = [];
  for (let call = 0; call < 1_000; call++) {
    failures.push(step(outgoing(), fails).catch((error: unknown) => error));
    await clock.advance(10);
  }
  await clock.advance(60_000);
  const errors = await Promise.all(failures);
  expect(attempts).toBeGreaterThan(1_150);
  expect(attempts).toBeLessThan(1_300);
  const throttled = errors.filter((error) => String(error).includes("their share, 20 % of calls"));
  expect(throttled.length).toBe(refused);
  expect(refused).toBeGreaterThan(700);
  expect(throttled[0]).toMatchObject({ code: "UNAVAILABLE", mayHaveRun: false, retryAfterMs: expect.any(Number) });

  // Another method has a share of its own.
  attempts = 0;
  const other = step(outgoing({}, { name: "t.S/Other" }), fails).catch(() => attempts);
  await clock.advance(60_000);
  expect(await other).toBe(3);
});
