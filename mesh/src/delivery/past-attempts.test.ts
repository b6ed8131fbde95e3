// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { MeshError } from "../mesh-error.ts";
import { attemptsHeader, readAttempts, writeAttempts } from "./past-attempts.ts";

const failed = (attempt: number, message: string) => ({
  attempt,
  failedAt: 1_767_600_000_000 + attempt,
  error: new MeshError({ code: "UNAVAILABLE", message, errorClass: "RATE_LIMIT", mayHaveRun: attempt > 1 }),
});
const carried = (value: string) => readAttempts(new Map([[attemptsHeader, value]]));

test("failed tries are carried along in a header, with what tells of them", () => {
  const attempts = [failed(1, 'down: "a,b"\r\n💊\ud800'), failed(2, "x".repeat(500))];
  const value = writeAttempts(attempts);
  expect(value).toMatch(/^[\x21-\x7e]+$/);
  const read = carried(value);
  expect(read.map(({ attempt, failedAt }) => [attempt, failedAt])).toEqual([
    [1, 1_767_600_000_001],
    [2, 1_767_600_000_002],
  ]);
  expect(read.map(({ error }) => error)).toMatchObject([
    { code: "UNAVAILABLE", errorClass: "RATE_LIMIT", mayHaveRun: false, message: 'down: "a,b"\r\n💊\ufffd' },
    { code: "UNAVAILABLE", errorClass: "RATE_LIMIT", mayHaveRun: true, message: "x".repeat(120) },
  ]);
});

test("no more than the newest 16 are carried", () => {
  const value = writeAttempts(Array.from({ length: 40 }, (_, index) => failed(index + 1, "down")));
  expect(carried(value).map(({ attempt }) => attempt)).toEqual(Array.from({ length: 16 }, (_, index) => index + 25));
});

test.each([
  "",
  ",",
  "1:2",
  "1:253402300800000:UNAVAILABLE:UNAVAILABLE:0:",
  "1:1:constructor:UNAVAILABLE:0:",
  "x:1:UNAVAILABLE:UNAVAILABLE:0:",
  "1:1:NO_CODE:UNAVAILABLE:0:",
  "1:1:UNAVAILABLE:NONE:0:",
])("%j tells of no try", (value) => {
  expect(carried(value)).toEqual([]);
});

test("a text that is badly encoded is kept as it is", () => {
  expect(carried("1:1:UNAVAILABLE:UNAVAILABLE:0:%zz")).toMatchObject([{ error: { message: "%zz" } }]);
});
