// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { Progress } from "./progress.ts";

function watched(isTTY: boolean) {
  const written: string[] = [];
  const time = { now: 0 };
  const stream = { isTTY, columns: 12, write: (text: string) => written.push(text) };
  return { written, time, progress: new Progress(stream, () => time.now) };
}

test("on a terminal progress is one line, never wider than it, that is gone in the end", () => {
  const { written, time, progress } = watched(true);
  progress.report("redriven 1");
  progress.report("redriven 2");
  time.now = 100;
  progress.report("redriven 300 of 4000");
  progress[Symbol.dispose]();
  expect(written).toEqual(["\r\u001b[Kredriven 1", "\r\u001b[Kredriven 30", "\r\u001b[K"]);
});

test("elsewhere progress is a line every five seconds, and nothing for work of a moment", () => {
  const { written, time, progress } = watched(false);
  progress.report("redriven 1");
  time.now = 5_000;
  progress.report("redriven 40");
  time.now = 9_000;
  progress.report("redriven 80");
  progress[Symbol.dispose]();
  expect(written).toEqual(["redriven 40\n"]);
});
