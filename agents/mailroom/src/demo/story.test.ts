// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { story } from "./story.ts";

test("a pool that loses a worker, a mail server that is down, silent phones and mended letters: all is accounted for, and went out once", async () => {
  const lines: string[] = [];
  const { accounts, effects, isWell } = await story((line) => lines.push(line));
  expect(accounts).toEqual([
    { method: "SendEmail", accepted: 62, done: 60, handedOn: 1, dead: 0, waiting: 1 },
    { method: "MakeCall", accepted: 8, done: 6, handedOn: 2, dead: 0, waiting: 0 },
    { method: "SendSms", accepted: 6, done: 6, handedOn: 0, dead: 0, waiting: 0 },
  ]);
  expect(effects).toBe(72);
  expect(isWell).toBe(true);
  expect(lines).toContain("2 calls reached nobody: text messages took their place");
  expect(lines.filter((line) => line.startsWith("dead letter"))).toHaveLength(2);
});
