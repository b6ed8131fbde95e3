// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { momentArgument } from "./moment-argument.ts";
import { timeArgument } from "./time-argument.ts";

test("a moment is typed as a time or as how long ago it was", () => {
  expect(momentArgument("2026-11-21T10:00:00Z")).toBe(Date.UTC(2026, 10, 21, 10));
  expect(Math.abs(Date.now() - 3 * 86_400_000 - momentArgument("3d"))).toBeLessThan(60_000);
  for (const text of ["", "yesterday", "2026", "-2h", "2026-99-99"]) {
    expect(() => momentArgument(text), text).toThrow(InvalidArgumentError);
  }
});

test("lengths of time have a unit", () => {
  expect(["500ms", "2s", "1.5m", "1h", "2d"].map(timeArgument)).toEqual([500, 2_000, 90_000, 3_600_000, 172_800_000]);
  for (const text of ["", "5", "5 s", "1w"]) expect(() => timeArgument(text), text).toThrow(InvalidArgumentError);
});
