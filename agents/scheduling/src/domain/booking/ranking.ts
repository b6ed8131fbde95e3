// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Habits, isWithin } from "../suggestion/habits.ts";
import type { Wish } from "../time/time-preference.ts";
import { contains, dayMs, hourMs, minuteMs, overlaps, type TimeWindow } from "../time/time-window.ts";

/** The reason given for an offer at the wished time. */
export const matchingTime = "Matches time preference";

/** A free time of a provider. */
export interface Candidate extends TimeWindow {
  readonly providerId: string;
}

/** What the ranking goes by. */
export interface Taste {
  readonly wish: Wish;
  /** Providers asked for. */
  readonly preferred: readonly string[];
  /** Providers that seem to be liked; they count half. */
  readonly liked: readonly string[];
  /** What past bookings say; unset: nothing. */
  readonly habits?: Habits | undefined;
}

/** A candidate with its score, 0 to 1, and the reasons for it, strongest first. */
export type Ranked<C extends Candidate> = C & { readonly matchScore: number; readonly reasoning: readonly string[] };

/** How much each part of the score weighs. A part that nothing was said about is left out, and the others share its weight. */
export const weights = { time: 0.5, provider: 0.3, earliness: 0.2, habit: 0.1 } as const;

/** Two offers of one provider begin at least so far apart while there is choice, so that the list shows different times. */
const spreadMs = 60 * minuteMs;

/** Scores every candidate and gives the best `most`, best first: various ones, not five neighbouring quarters of an hour. */
export function rank<C extends Candidate>(candidates: readonly C[], taste: Taste, most: number): readonly Ranked<C>[] {
  const scored = scoredAll(candidates, taste);
  const providers = new Set(scored.map(({ providerId }) => providerId)).size;
  const share = taste.preferred.length > 0 ? most : Math.ceil(most / Math.max(1, providers));
  const chosen: Ranked<C>[] = [];
  for (const rule of [
    (next: C) => sameProvider(chosen, next).length < share && farFromOthers(chosen, next),
    (next: C) => farFromOthers(chosen, next),
    (next: C) => !sameProvider(chosen, next).some((other) => overlaps(other, next)),
  ]) {
    for (const next of scored) {
      if (chosen.length >= most) break;
      if (!chosen.includes(next) && rule(next)) chosen.push(next);
    }
  }
  return chosen.sort(byScore);
}

function scoredAll<C extends Candidate>(candidates: readonly C[], taste: Taste): readonly Ranked<C>[] {
  const first = candidates.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
  const last = candidates.reduce((most, { start }) => Math.max(most, start), Number.NEGATIVE_INFINITY);
  return candidates.map((candidate) => ({ ...candidate, ...scoreOf(candidate, taste, { first, last }) })).sort(byScore);
}

function scoreOf(
  candidate: Candidate,
  taste: Taste,
  range: { first: number; last: number },
): { matchScore: number; reasoning: string[] } {
  const parts: { weight: number; value: number; reason: string | undefined }[] = [];
  const { preferred, liked, wish, habits } = taste;
  if (wish.stated) {
    const value = timeFit(candidate, wish);
    const near = value >= 0.5 ? "Near your preferred time" : undefined;
    parts.push({ weight: weights.time, value, reason: value === 1 ? matchingTime : near });
  }
  const came = habits?.providerIds ?? [];
  if (preferred.length + liked.length + came.length > 0) {
    const { providerId } = candidate;
    const isKnown = came.includes(providerId);
    const value = preferred.includes(providerId) ? 1 : liked.includes(providerId) ? 0.5 : isKnown ? 0.4 : 0;
    const reason = value >= 0.5 ? "Matches preferred provider" : isKnown ? "You have been there before" : undefined;
    parts.push({ weight: weights.provider, value, reason });
  }
  if (habits?.hours !== undefined) {
    const value = isWithin(candidate.start, habits.hours, habits.timeZone) ? 1 : 0;
    parts.push({ weight: weights.habit, value, reason: value > 0 ? "At your usual time of day" : undefined });
  }
  const value = range.last === range.first ? 1 : 1 - (candidate.start - range.first) / (range.last - range.first);
  parts.push({
    weight: weights.earliness,
    value,
    reason: candidate.start === range.first ? "Earliest available" : undefined,
  });

  const total = parts.reduce((sum, part) => sum + part.weight, 0);
  const score = parts.reduce((sum, part) => sum + part.weight * part.value, 0) / total;
  const reasons = parts
    .filter(({ reason }) => reason !== undefined)
    .sort((a, b) => b.weight * b.value - a.weight * a.value);
  const reasoning = reasons.flatMap(({ reason }) => reason ?? []);
  return { matchScore: Math.round(score * 1000) / 1000, reasoning: reasoning.length > 0 ? reasoning : ["Available"] };
}

/** 1 at the wished time, falling the further away: to a half in two hours of an exact time, in a day of a wished window. */
function timeFit(time: TimeWindow, { windows, ideal }: Wish): number {
  if (ideal !== undefined) return 1 / (1 + Math.abs(time.start - ideal) / (2 * hourMs));
  if (windows.some((window) => contains(window, time))) return 1;
  const away = windows.map((window) => Math.max(window.start - time.start, time.end - window.end));
  // A time outside never scores like one inside, however near.
  return 0.9 / (1 + Math.min(...away) / dayMs);
}

function sameProvider<C extends Candidate>(chosen: readonly C[], next: C): readonly C[] {
  return chosen.filter(({ providerId }) => providerId === next.providerId);
}

function farFromOthers<C extends Candidate>(chosen: readonly C[], next: C): boolean {
  return sameProvider(chosen, next).every(
    (other) => Math.abs(other.start - next.start) >= spreadMs && !overlaps(other, next),
  );
}

function byScore(a: Ranked<Candidate>, b: Ranked<Candidate>): number {
  return b.matchScore - a.matchScore || a.start - b.start || a.providerId.localeCompare(b.providerId);
}
