// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { duration } from "./duration.ts";
import { tableLines } from "./table.ts";

test("columns are as wide as their widest cell, styled or not, and numbers stand at the right", () => {
  const rows = [["a", "1 ms", "x"], ["\u001b[1mlonger\u001b[22m", "10 ms", ""], ["ü→"]];
  expect(tableLines(rows, { right: [1] })).toEqual(["a        1 ms  x", "\u001b[1mlonger\u001b[22m  10 ms", "ü→"]);
});

test.each([
  [0.04, "0.0 ms"],
  [3.26, "3.3 ms"],
  [5, "5 ms"],
  [999, "999 ms"],
  [1_500, "1.5 s"],
  [60_000, "60 s"],
  [120_000, "2 min"],
  [3_600_000, "1 h"],
  [604_800_000, "7 d"],
])("%d milliseconds read %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
