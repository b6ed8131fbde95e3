// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lanes, openLanes } from "./lanes.ts";
import { lateStep } from "./late-step.ts";
import { runSagas } from "./saga-run.ts";

// Another sample each time; `npm run test:crash -- sagas` does a thousand.
const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 100_000);
let lanes: Lanes;

beforeAll(async () => {
  lanes = await openLanes(2);
});
afterAll(() => lanes[Symbol.asyncDispose]());

test.concurrent(`sagas come to their end, with the effects that it says, whoever dies on the way (sample ${seed}) [R19, R56]`, {
  timeout: 90_000,
}, async () => {
  const sample = { count: 12, seed, processes: 2, paceMs: 300, faultEveryMs: 900, limitMs: 60_000, freezes: false };
  const [run] = await lanes.map([1], (_, lane) => runSagas({ ...lane, ...sample }));
  expect(run?.violations).toEqual([]);
});

test.concurrent("a step that a host sends after it stood still is refused when it was undone meanwhile", {
  timeout: 90_000,
}, async () => {
  const [violations] = await lanes.map([1], (_, lane) => lateStep(lane));
  expect(violations).toEqual([]);
});
