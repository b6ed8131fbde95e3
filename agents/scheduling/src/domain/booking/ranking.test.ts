// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Wish } from "../time/time-preference.ts";
import { hourMs, minuteMs, overlaps } from "../time/time-window.ts";
import { rank } from "./ranking.ts";

const noon = Date.parse("2026-11-22T12:00:00Z");
const time = (providerId: string, minutes: number) => ({
  providerId,
  start: noon + minutes * minuteMs,
  end: noon + (minutes + 30) * minuteMs,
});
const afternoon: Wish = { windows: [{ start: noon, end: noon + 6 * hourMs }], stated: true };
const taste = { wish: afternoon, preferred: [], liked: [] };

test("the earliest time inside the wish with the preferred provider is a perfect match, and says why", () => {
  const [best, ...rest] = rank(
    [time("smith", 0), time("weber", 0), time("weber", 60)],
    { ...taste, preferred: ["weber"] },
    3,
  );
  expect(best).toEqual({
    ...time("weber", 0),
    matchScore: 1,
    reasoning: ["Matches time preference", "Matches preferred provider", "Earliest available"],
  });
  expect(rest.map(({ providerId, matchScore, reasoning }) => [providerId, matchScore, reasoning])).toEqual([
    ["weber", 0.8, ["Matches time preference", "Matches preferred provider"]],
    ["smith", 0.7, ["Matches time preference", "Earliest available"]],
  ]);
});

test("a provider that is merely liked counts half", () => {
  const [best, other] = rank([time("smith", 0), time("weber", 0)], { ...taste, liked: ["weber"] }, 2);
  expect([best?.providerId, best?.matchScore]).toEqual(["weber", 0.85]);
  expect([other?.providerId, other?.matchScore]).toEqual(["smith", 0.7]);
});

test("near an exact time the nearest wins, on either side", () => {
  const ideal = noon + 2 * hourMs;
  const wish = { ...afternoon, ideal };
  const ranked = rank([time("smith", 0), time("smith", 110), time("weber", 240)], { ...taste, wish }, 3);
  expect(ranked.map(({ start }) => (start - ideal) / minuteMs)).toEqual([-10, -120, 120]);
  expect(ranked[0]?.reasoning).toContain("Near your preferred time");
});

test("what lies outside the wish never claims to match it", () => {
  const [late] = rank([time("smith", 6 * 60 + 15)], taste, 1);
  expect(late?.reasoning).toEqual(["Near your preferred time", "Earliest available"]);
});

test("offers are various: all providers in turn, times an hour apart, as long as there is choice", () => {
  const quarters = ["smith", "weber"].flatMap((who) => Array.from({ length: 20 }, (_, index) => time(who, index * 15)));
  const offers = rank(quarters, taste, 4);
  expect(offers.map(({ providerId, start }) => [providerId, (start - noon) / minuteMs])).toEqual([
    ["smith", 0],
    ["weber", 0],
    ["smith", 60],
    ["weber", 60],
  ]);
});

test("a provider who is free later is not crowded out by one who is free earlier", () => {
  const early = [0, 60, 120, 180].map((minutes) => time("smith", minutes));
  const offers = rank([...early, time("weber", 300)], taste, 4);
  expect(offers.map(({ providerId }) => providerId)).toEqual(["smith", "smith", "smith", "weber"]);
});

test("without choice the list is filled up with what there is, but no two offers of one provider overlap", () => {
  const offers = rank([time("smith", 0), time("smith", 15), time("smith", 30), time("smith", 45)], taste, 5);
  expect(offers.map(({ start }) => (start - noon) / minuteMs)).toEqual([0, 30]);
});

test("whatever is ranked, scores are from 0 to 1 and fall, every offer has a reason, and none overlaps another of its provider", () => {
  const candidate = fc
    .record({ providerId: fc.constantFrom("a", "b", "c"), minutes: fc.integer({ min: -3000, max: 3000 }) })
    .map(({ providerId, minutes }) => time(providerId, minutes));
  const wish = fc.constantFrom<Wish>(
    afternoon,
    { windows: [], stated: true },
    { windows: [], stated: false },
    { ...afternoon, ideal: noon },
    { windows: [], ideal: noon - 1, stated: true },
  );
  const some = fc.subarray(["a", "b", "x"]);
  fc.assert(
    fc.property(
      fc.array(candidate, { maxLength: 40 }),
      wish,
      some,
      some,
      fc.integer({ min: 1, max: 10 }),
      (candidates, wish, preferred, liked, most) => {
        const offers = rank(candidates, { wish, preferred, liked }, most);
        expect(offers.length).toBeLessThanOrEqual(most);
        expect(offers.length > 0).toBe(candidates.length > 0);
        for (const [index, offer] of offers.entries()) {
          expect(offer.matchScore).toBeGreaterThanOrEqual(0);
          expect(offer.matchScore).toBeLessThanOrEqual(offers[index - 1]?.matchScore ?? 1);
          expect(offer.reasoning.length).toBeGreaterThan(0);
          for (const other of offers.slice(0, index))
            expect(other.providerId === offer.providerId && overlaps(other, offer)).toBe(false);
        }
      },
    ),
  );
});
