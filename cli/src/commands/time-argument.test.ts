// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { timeArgument } from "./time-argument.ts";

test.each([
  ["500ms", 500],
  ["2s", 2_000],
  ["1.5m", 90_000],
  ["1ms", 1],
])("%s is %d ms", (text, ms) => {
  expect(timeArgument(text)).toBe(ms);
});

test.each(["0s", "0.1ms", "-5s", "5", "5 s", "xyz", ""])("%j is no length of time", (text) => {
  expect(() => timeArgument(text)).toThrow(/^Write /);
});
