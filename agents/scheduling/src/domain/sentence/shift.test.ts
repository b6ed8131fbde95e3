// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { shifted } from "./shift.ts";
import { wordsForStart } from "./time-words.ts";

const at = (text: string) => wordsForStart(Date.parse(text), "UTC");

test("past midnight it is the next day, before it the last one", () => {
  const late = shifted(at("2026-11-30T23:30:00Z"), { days: 0, minutes: 60 });
  expect(late).toMatchObject({
    at: "00:30",
    days: { spans: [{ first: "2026-12-01" }] },
    text: "Tuesday 1 December, at 00:30",
  });
  expect(shifted(at("2026-12-01T00:15:00Z"), { days: 0, minutes: -30 })).toMatchObject({
    at: "23:45",
    days: { spans: [{ first: "2026-11-30" }] },
  });
});

test("days of the week turn over, open ends stay open, nothing said stays nothing", () => {
  const words = { days: { spans: [], weekdays: [6, 7] }, hours: { from: "15:00", until: "24:00" }, text: "" } as const;
  expect(shifted(words, { days: 1, minutes: 30 })).toMatchObject({
    days: { weekdays: [7, 1] },
    hours: { from: "15:30", until: "24:00" },
  });
  expect(shifted(undefined, { days: 1, minutes: 0 })).toBeUndefined();
});
