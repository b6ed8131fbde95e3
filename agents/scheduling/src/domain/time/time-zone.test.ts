// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { instantOf, isTimeZone, localDates } from "./time-zone.ts";

const iso = (instant: number) => new Date(instant).toISOString();
const berlin = (date: string, time: string, side: "first" | "last") =>
  iso(instantOf(Temporal.PlainDate.from(date), time, { timeZone: "Europe/Berlin", side }));

test.each(["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+3"])("%s is a time zone", (name) => {
  expect(isTimeZone(name)).toBe(true);
});

test.each([
  "",
  "Mars/Olympus",
  "+02:00",
  "2026-01-01T00:00[Europe/Berlin]",
  "Europe/Berlin\u0000",
  "../etc/passwd",
  "x".repeat(64),
])("%j is no time zone", (name) => {
  expect(isTimeZone(name)).toBe(false);
});

test("a local time in winter and in summer", () => {
  expect(berlin("2026-01-15", "09:00", "first")).toBe("2026-01-15T08:00:00.000Z");
  expect(berlin("2026-07-15", "09:00", "first")).toBe("2026-07-15T07:00:00.000Z");
});

test("a time that daylight saving skips is the moment of the skip, from either side", () => {
  for (const time of ["02:00", "02:30", "02:59"]) {
    expect(berlin("2026-03-29", time, "first")).toBe("2026-03-29T01:00:00.000Z");
    expect(berlin("2026-03-29", time, "last")).toBe("2026-03-29T01:00:00.000Z");
  }
});

test("a time that daylight saving repeats has a first and a last moment", () => {
  expect(berlin("2026-10-25", "02:30", "first")).toBe("2026-10-25T00:30:00.000Z");
  expect(berlin("2026-10-25", "02:30", "last")).toBe("2026-10-25T01:30:00.000Z");
});

test("24:00 is the start of the next day, also where that day begins at one o'clock", () => {
  expect(berlin("2026-01-31", "24:00", "last")).toBe("2026-01-31T23:00:00.000Z");
  const cairo = { timeZone: "Africa/Cairo", side: "last" } as const;
  expect(iso(instantOf(Temporal.PlainDate.from("2026-04-23"), "24:00", cairo))).toBe("2026-04-23T22:00:00.000Z");
});

test("a day that a zone left out has no time at all", () => {
  const samoa = (time: string, side: "first" | "last") =>
    instantOf(Temporal.PlainDate.from("2011-12-30"), time, { timeZone: "Pacific/Apia", side });
  expect(samoa("09:00", "first")).toBe(samoa("17:00", "last"));
});

test("the local days of a stretch of time", () => {
  const window = { start: Date.parse("2026-11-22T22:30:00Z"), end: Date.parse("2026-11-23T23:00:00Z") };
  expect(localDates(window, "Europe/Berlin", 10).map(String)).toEqual(["2026-11-22", "2026-11-23"]);
  expect(localDates(window, "Europe/Berlin", 1).map(String)).toEqual(["2026-11-22"]);
});
