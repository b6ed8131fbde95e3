// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { scanOf } from "./scan.ts";
import { corrected, preferenceOf, timeWordsIn } from "./time-words.ts";

const here = { now: Date.parse("2026-11-21T12:30:00Z"), timeZone: "UTC" };
const words = (sentence: string) => timeWordsIn(scanOf(sentence), here).words;
const after = (first: string, second: string) => preferenceOf(corrected(words(first), words(second)), here);
const day = (date: string) => ({
  kind: "range",
  earliest: Date.parse(`${date}T00:00:00Z`),
  latest: Date.parse(`${date}T00:00:00Z`) + 86_400_000,
});

test("another day keeps the hours", () => {
  expect(after("tomorrow afternoon", "rather Thursday")).toMatchObject({
    wanted: day("2026-11-26"),
    hours: { from: "12:00", until: "18:00" },
  });
});

test("other hours keep the day", () => {
  expect(after("tomorrow afternoon", "rather in the morning")).toMatchObject({
    wanted: day("2026-11-22"),
    hours: { from: "06:00", until: "12:00" },
  });
  expect(after("tomorrow at 3pm", "not before 4").hours).toEqual({ from: "16:00", until: "24:00" });
});

test("an exact time keeps the day and replaces the hours", () => {
  expect(after("tomorrow afternoon", "at 9")).toMatchObject({
    wanted: { kind: "at", start: Date.parse("2026-11-22T09:00:00Z") },
  });
});

test("any day takes the day back", () => {
  expect(after("tomorrow afternoon", "any day")).toMatchObject({
    wanted: { kind: "any" },
    hours: { from: "12:00", until: "18:00" },
  });
});

test("a sentence without time changes nothing", () => {
  expect(corrected(words("tomorrow"), words("with a doctor"))).toEqual(words("tomorrow"));
});

test("the person's words are kept for the reply", () => {
  expect(words("book me in tomorrow in the afternoon please")?.text).toBe("tomorrow afternoon");
});
