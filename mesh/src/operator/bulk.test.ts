// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { MeshError } from "../mesh-error.ts";
import { inBulk, type Progress } from "./bulk.ts";

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 1; number <= count; number++) yield number;
}

function working(work: (number: number) => Promise<void>, signal = new AbortController().signal) {
  const isMeant = (number: number) => number % 2 === 0;
  return inBulk({ things: numbers(400), isMeant, idOf: String, work, clock: systemClock, signal });
}

test("what fails is told, a handful at a time, and the rest is done", async () => {
  const told = await Array.fromAsync(
    working(async (number) => {
      if (number <= 300) throw new MeshError({ code: "REFUSED", message: `no ${number}` });
    }),
  );
  const problems = told.map((one) => one.problems?.length ?? 0);
  expect(Math.max(...problems)).toBe(50);
  expect(told.flatMap((one) => one.problems?.map(({ id }) => id))).toEqual(
    Array.from({ length: 150 }, (_, index) => String(2 * index + 2)),
  );
  expect(told.at(-1)).toMatchObject({ seen: 400n, done: 50n, failed: 150n, finished: true });
});

test("a broker that is away ends the whole, for all others would fail too", async () => {
  const away = new MeshError({ code: "BROKER_UNAVAILABLE", message: "away" });
  await expect(Array.fromAsync(working(() => Promise.reject(away)))).rejects.toBe(away);
});

test("it ends between two things when its signal aborts", async () => {
  const leaving = new AbortController();
  const done: number[] = [];
  const told: Progress[] = [];
  const work = async (number: number) => {
    done.push(number);
    if (number === 4) leaving.abort(new Error("left"));
  };
  const run = async () => {
    for await (const one of working(work, leaving.signal)) told.push(one);
  };
  await expect(run()).rejects.toThrow("left");
  expect([done, told.some(({ finished }) => finished)]).toEqual([[2, 4], false]);
});
